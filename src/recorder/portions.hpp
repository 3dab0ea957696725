// Refusals that are larger than an entry: portions of their items come before them, and are kept until they come.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// Whether the entry is a portion; and whether it is a refusal that portions came before.
bool IsPortion(const EntryHeader* entry);
bool HasPortions(const EntryHeader* entry);

// Keeps a portion; once, however often its batch is done again.
void KeepPortion(const EntryHeader* entry);

// The refusal with all its items, in the caller's context. Without portions that an earlier recorder has taken with it, it files no request,
// and *complete is false.
EntryHeader* JoinPortions(const EntryHeader* refusal, bool* complete);

// Refusals whose sessions have ended, or failed, before they said all: done with what they said. do_refusal is called for each.
void ForEachAbandoned(void (*do_refusal)(EntryHeader* refusal));

// Called when the batch was committed, so that what was joined is done, or is to be done again.
void EndPortions(bool committed);

// Writes what is kept to the server's log, because the recorder ends.
void LogPortions();

}    // namespace warrant
