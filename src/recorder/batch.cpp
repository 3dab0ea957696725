#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "queue/guards.hpp"
#include "queue/shared.hpp"
#include "recorder/batch.hpp"
#include "recorder/careful.hpp"
#include "recorder/changes.hpp"
#include "recorder/definitions.hpp"
#include "recorder/items.hpp"
#include "recorder/moment.hpp"
#include "recorder/noted_settings.hpp"
#include "recorder/notices.hpp"
#include "recorder/portions.hpp"
#include "recorder/process_item.hpp"
#include "recorder/refusals.hpp"
#include "recorder/repeats.hpp"
#include "recorder/state.hpp"
#include "recorder/sweeps.hpp"
#include "recorder/turned_away.hpp"

namespace warrant {

bool deliveries_queued = false;

namespace {

int64 written_before;     // records in the write-ahead log, at the batch's begin
bool has_only_counted;    // the batch under way has changed nothing but its position in the ring

// Whether the extension is still the recorder's own: while the recorder naps, it can be dropped, and even be there again with a log of its own.
bool StillInstalled() {
    if (IsOurs())
        return true;
    ForgetRefusals();
    DropRepeats();
    ForgetGuards();
    LoadState();
    self.working = self.sealed;
    self.sweep_at = self.definitions_at = 0;
    SweepAnew();
    return self.installed;
}

void ProcessItems() {
    MemoryContextSwitchTo(self.context);
    for (int i = 0; i < self.count; i++)
        if (IsCareful())
            ProcessCarefully(&self.items[i]);
        else
            ProcessItem(&self.items[i]);
    ProcessAbandoned();
}

// Does the batch, inside its transaction.
void RunBatch() {
    if (!StillInstalled())
        return;
    self.acted = deliveries_queued = false;
    BeginRepeats(!IsCareful());
    NoteRestore();
    NoteSettings();
    BeginLook();
    MendStored();
    RunIsolated("definitions", SealDefinitions);
    ProcessItems();
    RunIsolated("the sweep of orphans", SweepOrphans);
    RunIsolated("the sweep", Sweep);
    SealRepeats(false);
    SealTurnedAway(self.database);
    ReadGuards(self.database);
    bool sealed = self.working.last_seq != self.sealed.last_seq;
    has_only_counted = !sealed && pgWalUsage.wal_records == written_before;
    if (!sealed && self.count == 0)
        return;
    // After a crash the ring is new and its old position says nothing: a repeated refusal, which is only counted, waits for no disk. That saves a
    // third of its time.
    if (has_only_counted)
        CommitWithoutFlush();
    SaveState(self.batch.until > self.position ? self.batch.until : self.position);
}

// Takes back a failed batch. No entry has ended the recorder, since it lives; a cause that passes is no entry's.
void TakeBack() {
    self.database->suspect_deaths = 0;
    self.database->suspect = 0;
    self.database->tries = uint32_t(self.retries.count);
    if (IsTransient(self.retries.sqlstate))
        self.database->failures--;
    ReturnItems();
}

void EndFailed() {
    // A month without a partition may be why the batch failed.
    self.partitions = {0, 0};
    self.durations_mended = false;
    // The look at definitions that somebody asked for was rolled back.
    self.definitions_at = 0;
    // Kept refusals may name requests that were rolled back.
    ForgetRefusals();
    SweepAnew();
    EndNotedSettings(false);
    TakeBack();
}

// What a committed batch did counts from now on: first for this recorder, then for the server, then for those who wait.
void EndCommitted() {
    int64_t before = self.sealed.last_seq;
    EndNotedSettings(true);
    self.sealed = self.working;
    if (!has_only_counted)
        self.flushed = XactLastCommitEnd;
    if (self.batch.until > self.position)
        self.position = self.batch.until;
    self.database->failures = self.database->start_failures = self.database->tries = 0;
    self.database->last_seq = uint64_t(self.sealed.last_seq);
    self.database->last_sealed_at = self.sealed.last_sealed_at;
    PublishGuards(self.database);
    AnswerWaiters();
    if (deliveries_queued)
        WakeCourier(self.database);
    if (self.acted)
        WakeThoseWhoAwait();
    if (self.acted)
        NotifyOf(before);
}

}    // namespace

bool DoBatch() {
    if (!KeepUpWithClock())
        return false;
    MemoryContextReset(self.context);
    MemoryContext caller = MemoryContextSwitchTo(self.context);
    ReadBatch();
    FoldOutcomes();
    self.database->failures++;
    written_before = pgWalUsage.wal_records;
    has_only_counted = false;
    bool done = InSealingTransaction("recording", RunBatch, &self.retries);
    MemoryContextSwitchTo(caller);
    EndRepeats(done);
    EndChanges(done);
    EndPortions(done);
    EndTurnedAway(self.database, done);
    if (!done)
        EndFailed();
    else if (self.installed)
        EndCommitted();
    return done;
}

}    // namespace warrant
