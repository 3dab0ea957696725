// The entries of the batch under way, from the ring to their answers. They are copies in the batch's context, and stay in the ring until the batch
// is committed.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"
#include "queue/shared.hpp"

namespace warrant {

// One entry of the batch and what becomes of it.
struct Item {
    EntryHeader* entry;
    uint64_t end;    // the position behind it
    bool taken;
    bool folded;                   // an outcome that went into its attempt's row
    const AuditFields* outcome;    // folded into this attempt
    Reply reply;
};

inline bool IsAction(const Item* item) { return item->entry->kind == EntryKind::Action; }

// Reads what is in the ring now, as far as one transaction should take it, into the current memory context.
void ReadBatch();

// An attempt that nobody waits for and its outcome in one batch become one row.
void FoldOutcomes();

// The batch was committed: frees its room in the ring, and tells who waits.
void AnswerWaiters();

// The batch has failed and is to be done again: until then backends may withdraw what they wait for.
void ReturnItems();

}    // namespace warrant
