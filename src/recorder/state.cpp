#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "queue/guards.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "recorder/clock_step.hpp"
#include "recorder/script.hpp"
#include "recorder/seal.hpp"
#include "recorder/state.hpp"
#include "recorder/stored_durations.hpp"

namespace warrant {

Recorder self;

namespace {

// Numbers of statements and actions begin with the clock; where the clock was set back while the server was down, they begin behind those that were
// given before.
void NumberStatementsAfter(TimestampTz last_sealed_at) {
    uint64_t least = last_sealed_at > 0 ? uint64_t(last_sealed_at) + uint64_t(USECS_PER_SEC) : 1, next = pg_atomic_read_u64(&shared->next_statement);
    while (next < least && !pg_atomic_compare_exchange_u64(&shared->next_statement, &next, least))
        ;
}

void LoadClock() {
    self.wall_offset = LoadWallOffset(self.sealed.last_sealed_at);
    self.offset_saved = self.durations_mended = false;
    self.takes_other_durations = TakesOtherDurations();
    self.partitions = {0, 0};
    NumberStatementsAfter(self.sealed.last_sealed_at);
}

}    // namespace

bool IsOurs() { return get_extension_oid(extension_name, true) == self.extension; }

void LookForWebhooks() {
    SPI_execute(psprintf("SELECT FROM warrant.webhooks WHERE enabled AND %s.is_home()", InternalSchema()), true, 1);
    self.database->has_webhooks = SPI_processed > 0;
    pg_memory_barrier();
    if (self.database->has_webhooks && !CourierLives(self.database))
        AskLauncher(self.database->oid);
}

// The load counts as that extension's state only at its end, so that a load that failed on the way is done again.
void LoadState() {
    Oid extension = get_extension_oid(extension_name, true);
    self.installed = OidIsValid(extension);
    if (!self.installed) {
        self.extension = extension;
        return;
    }
    self.database->dropped = false;
    SPI_execute("SELECT last_seq, ring_id, ring_position, last_sealed_at FROM warrant.recorder_state", true, 1);
    if (SPI_processed != 1)
        ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder's state is missing")));
    self.sealed = SealState{FirstInt64(1), TimestampTz(FirstInt64(4))};
    self.notified = self.sealed.last_seq;
    self.due = self.latest = Notice{};
    bool same_ring = uint64_t(FirstInt64(2)) == self.database->ring_id;
    self.position = same_ring ? uint64_t(FirstInt64(3)) : self.database->head;
    LoadClock();
    LookForWebhooks();
    ReadGuards(self.database);
    self.extension = extension;
}

void SaveState(uint64_t position) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID};
    Prepared(&plan, "UPDATE warrant.recorder_state SET last_seq = $1, last_sealed_at = $2, ring_id = $3, ring_position = $4", 4, types);
    Datum values[] = {Int64GetDatum(self.working.last_seq), TimestampTzGetDatum(self.working.last_sealed_at),
                      Int64GetDatum(int64(self.database->ring_id)), Int64GetDatum(int64(position))};
    SPI_execute_plan(plan, values, nullptr, false, 0);
}

}    // namespace warrant
