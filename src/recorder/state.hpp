// What a recorder knows: one for each process, and the part of it that lives on in warrant.recorder_state. It is zero until the recorder has
// started; what it points to lives as long as the process, but for the items, which live in the batch's context.
#pragma once

#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "recorder/partitions.hpp"
#include "recorder/seal.hpp"

namespace warrant {

struct Item;    // items.hpp

// What is to be notified up to a row, once its commit is as safe as the configuration asks for.
struct Notice {
    int64_t until;
    XLogRecPtr position;
};

struct Recorder {
    Database* database;
    MemoryContext context;    // emptied after each batch
    SealState sealed;         // what is committed
    SealState working;        // what the batch under way has sealed
    uint64_t position;        // everything before it is committed
    XLogRecPtr flushed;       // the end of the latest commit that has sealed or changed anything
    bool installed;
    Oid extension;    // whose state this is
    bool restore_noted;
    uint64_t changes_noted;    // of the configuration, with the batch under way
    int settings_noted;        // which reading of the configuration the log knows
    bool acted;                // in the batch: requests or grants may have changed
    TimestampTz sweep_at;
    int64 orphans_at;                   // when orphans may be looked for next, in steady time
    char place[200];                    // where the sweep of orphans goes on; empty: no round is under way
    int64 round_us, latest_round_us;    // what a round of the sweep takes, the one under way and the latest whole one; -1: not known
    bool orphans;                       // something may have been dropped that requests or grants need
    int64_t notified;                   // listeners know of the rows up to here
    Notice due, latest;                 // what comes while one is due waits for the next, so that a slow standby stops none
    int64 definitions_at;               // when to look unasked, in steady time: COMMIT PREPARED tells nobody
    bool looks, told;                   // this batch looks at definitions, and it does so because somebody said that they have changed
    int64 wall_offset;                  // of the wall clock that everything lives by
    bool offset_saved;
    Stretch partitions;    // what is known to have them
    bool durations_mended;
    bool takes_other_durations;    // the extension is of an earlier release
    int count;
    Item* items;
    RingBatch batch;
    Retries retries;    // of batches
    // Of what must be there before a batch. Each has its own count, or the success of one would hide the failures of another.
    Retries partition_retries;
    Retries clock_retries;
};

extern Recorder self;

// Whether the extension that the database has is still the one whose state this is. In a transaction.
bool IsOurs();

// Reads what an earlier recorder has left, and what the database needs of us. In a transaction with SPI; raises 55000 when the state is missing.
void LoadState();

// Everything before a position of the ring is done, with the rows of the batch under way. In its transaction.
void SaveState(uint64_t position);

// With webhooks a courier is needed, and asked for; a courier whose last webhook is gone leaves by itself. In a transaction with SPI.
void LookForWebhooks();

// Runs work, which may seal rows, in a transaction of its own (see InTransaction): on a copy of the chain's end, which counts when the caller takes
// it over after the commit.
template <class Work>
bool InSealingTransaction(const char* activity, Work work, Retries* retries = nullptr) {
    self.working = self.sealed;
    seal_state = &self.working;
    bool done = InTransaction(activity, work, retries);
    seal_state = nullptr;
    return done;
}

}    // namespace warrant
