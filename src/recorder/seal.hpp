// Writing sealed rows: only the recorder does.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// The end of the chain so far. A batch works on a copy, which counts only when its transaction has committed.
struct SealState {
    int64_t last_seq;
    TimestampTz last_sealed_at;
};

extern SealState* seal_state;    // of the batch under way; nullptr outside the recorder

// From now on a subtransaction that is rolled back takes the numbers of its rows back with it. Once, when the recorder starts.
void FollowSubtransactions();

// The next row's number and time. The number is the order; the clock may be set back.
int64_t NextSeq();
TimestampTz SealTime();

// Inserts the row of one audit entry, and its text. An outcome may be folded into it.
void SealEntry(const EntryHeader* entry, const AuditFields* outcome);

// HMAC-SHA-256 of a statement's text, keyed with the salt that is kept beside it.
void SignText(const uint8_t* salt, int salt_size, const char* text, int length, uint8_t* hmac);

// The session as a JSON object, for what is written in SQL. In the current memory context.
char* OriginAsJson(const Origin* origin);

}    // namespace warrant
