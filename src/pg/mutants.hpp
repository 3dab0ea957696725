// Switches that turn one guard off, to prove that a test notices. They exist in builds with -DWARRANT_MUTANTS alone.
#pragma once

namespace warrant {

#ifdef WARRANT_MUTANTS
// Whether the setting pg_warrant.mutant names this guard, alone or among others with commas. "?" names none, and has each process write into the
// server's log which guards it asks: what it does not ask cannot matter to it.
bool Mutant(const char* guard);
// Waits (at most 60 s) while the setting pg_warrant.wait_point names this place, alone or between commas.
void WaitPoint(const char* place);
#else
constexpr bool Mutant(const char*) { return false; }
constexpr void WaitPoint(const char*) {}
#endif

}    // namespace warrant
