// Refusals, and indirect attempts, that a session meets again within a second: the first is written at once, the others are counted, and when that
// second is over they are written as one row for each access. A crash forgets what was counted; every other end of the recorder writes it.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// Refusals that are the same but for their statement's number and time.
struct Repeated {
    MemoryContext memory;    // nullptr: the place is free
    Origin origin;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    uint32_t arguments_size;
    char* arguments;
    Event event;
    NameData relation_name;
    int64 until;    // refusals are counted until then, in steady time
    int row_count;
    EntryHeader** rows;    // what is written, made by whoever counts the first; nullptr until then
    int32_t counted;       // how many repeats came, those of the batch under way included
    int32_t committed;
    bool is_new;    // the first of these refusals belongs to the batch under way
    bool sealed;    // the batch under way has sealed the count
};

// Begins a batch. Without counting each refusal is written.
void BeginRepeats(bool counting);

// Notes that the refusal was written: those like it are counted for a second.
void CountRepeatsOf(const EntryHeader* refusal);

// Where the refusal is to be counted; nullptr when it is to be written.
Repeated* FindRepeated(const EntryHeader* refusal);

// Counts an indirect attempt that is like one that was written; false when it is to be written itself.
bool CountAttempt(const EntryHeader* entry);

// Ends the counting: refusals like these have another answer from now on.
void CloseRepeats();

// Drops what is counted, because it belongs to a log that is gone.
void DropRepeats();

// At the end of a batch: writes those whose second is over, or all.
void SealRepeats(bool all);

// Writes what is counted and cannot be sealed any more to the server's log.
void LogRepeats();

// Called when the batch was committed, or was rolled back and is to be done again.
void EndRepeats(bool committed);

// When there is something to write; DT_NOEND: never.
int64 RepeatsDue();

}    // namespace warrant
