// Switches that turn one guard off, to prove that a test notices. insert-switches puts them into the sources.
#pragma once

struct Node;

namespace warrant {

// Whether the setting pg_warrant.mutant names this guard, alone or among others with commas. "?" names none, and has each process write into the
// server's log which guards it asks: what it does not ask cannot matter to it.
bool Mutant(const char* guard);
// Waits (at most 60 s) while the setting pg_warrant.wait_point names this place, alone or between commas.
void WaitPoint(const char* place);
// Waits for the advisory lock 1 while the setting names this place, or the utility statement by its command tag: who holds the lock changes what he
// likes meanwhile. The setting is the session's own.
void Hold(const char* place);
void Hold(const Node* utility);

}    // namespace warrant
