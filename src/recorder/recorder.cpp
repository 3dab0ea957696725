#include "pg/server.hpp"

#include <algorithm>

#include "pg/clock.hpp"
#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "queue/copies.hpp"
#include "queue/dropped.hpp"
#include "queue/guards.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "recorder/batch.hpp"
#include "recorder/execute.hpp"
#include "recorder/notices.hpp"
#include "recorder/own_slot.hpp"
#include "recorder/recorder.hpp"
#include "recorder/repeats.hpp"
#include "recorder/seal.hpp"
#include "recorder/state.hpp"
#include "recorder/sweeps.hpp"

namespace warrant {

namespace {

constexpr long longest_nap_ms = 5000;
// The recorder naps so long while something is to be notified.
constexpr long standby_nap_ms = 20;

// Does work, and does it again when it fails, until it succeeds.
template <class Work>
void Persist(Oid oid, const char* activity, Work work) {
    Retries retries;
    while (!InTransaction(activity, work, &retries)) {
        Nap(RetryNap(&retries));
        if (IsHeld(oid))
            StepAside(oid);
    }
}

void Start(Oid oid) {
    BeginSignals();
    AwaitStart(oid, &Database::start_failures);
    if (!Visit(oid))
        StepAside(oid);
    BeginWorker(oid, "pg_warrant recorder");
    is_over = IsDropped;
    at_begin = HoldExtension;
    self.context = AllocSetContextCreate(TopMemoryContext, "pg_warrant batch", ALLOCSET_DEFAULT_SIZES);
    static bool others_copy = false;
    Persist(oid, "starting", [] {
        self.installed = IsInstalled();
        others_copy = self.installed && IsCopyOfOthers();
    });
    if (others_copy && !IsAdmitted(oid))
        LeaveCopy(oid);
    PrepareToLeave();
    Claim(oid);
    Persist(oid, "loading", LoadState);
    PublishGuards(self.database);
    PrepareActions();
    FollowSubtransactions();
    ListenForDrops();
}

long LongestRetryNap() { return std::max({RetryNap(&self.retries), RetryNap(&self.partition_retries), RetryNap(&self.clock_retries)}); }

bool HasEntries() {
    RingBatch batch = FixBatch(self.database);
    return batch.from < batch.until;
}

// Naps until something is due; an entry wakes the recorder before.
void NapUntilDue() {
    long repeats_ms = MillisecondsUntil(RepeatsDue()), sweep_ms = MillisecondsUntilSweep();
    long nap_ms = repeats_ms < sweep_ms ? repeats_ms : sweep_ms, longest_ms = IsNoticeDue() ? standby_nap_ms : longest_nap_ms;
    Nap(nap_ms < 1 ? 1 : nap_ms > longest_ms ? longest_ms : nap_ms);
}

[[noreturn]] void Record() {
    self.database->ready = true;
    for (;;) {
        if (!DoBatch())
            Nap(LongestRetryNap());
        if (!self.installed || IsHeld(self.database->oid))
            StepAside(self.database->oid);
        NotifyDue();
        if (!HasEntries())
            NapUntilDue();
    }
}

}    // namespace

}    // namespace warrant

void warrant_recorder_main(Datum argument) {
    warrant::Start(DatumGetObjectId(argument));
    warrant::Record();
}
