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

// A row that SQL seals: facts by the names of our columns, each object about its part of a row (see AuditPart). nullptr: there is none.
struct SealCall {
    text* event;
    const Jsonb* origin;
    const Jsonb* access;
    const Jsonb* statement;
    bytea* digest;
    text* statement_text;
};

// Inserts that row, and its text; returns its number. Needs SPI. Raises 42703 for a fact about the access that no column takes, and what the types'
// input functions raise.
int64_t SealFacts(const SealCall* call);

// Inserts a row about the gate itself, which nobody in particular has caused. Needs SPI.
void SealNote(const char* event, const char* comment);

// HMAC-SHA-256 of a statement's text, keyed with the salt that is kept beside it.
void SignText(const uint8_t* salt, int salt_size, const char* text, int length, uint8_t* hmac);

// The session, and the statement of an entry, as JSON objects for what is written in SQL: our columns by their names, and the OIDs of all three
// roles. In the current memory context.
char* OriginAsJson(const Origin* origin);
char* StatementAsJson(const EntryHeader* entry);

}    // namespace warrant
