#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "rules/own_columns.hpp"
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

void LoadClock() {
    self.wall_offset = LoadWallOffset(self.sealed.last_sealed_at);
    self.offset_saved = self.durations_mended = false;
    self.takes_other_durations = TakesOtherDurations();
    self.partitions = {0, 0};
    NumberAfter(self.sealed.last_sealed_at);
}

}    // namespace

bool IsOurs() { return HeldExtension() == self.extension; }

void LookForWebhooks() {
    // Not read-only, which would take the batch's first snapshot: that may be older than the commit that asked for this look.
    SPI_execute(psprintf("SELECT FROM warrant.webhooks WHERE enabled AND %s.is_home()", InternalSchema()), false, 1);
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
    self.flushed = GetFlushRecPtr(nullptr);
    self.position = same_ring ? uint64_t(FirstInt64(3)) : self.database->head;
    LoadClock();
    LookForWebhooks();
    ReadGuards(self.database);
    self.extension = extension;
}

namespace {

constexpr OwnColumn of_state[] = {{"last_seq"}, {"last_sealed_at"}, {"ring_id"}, {"ring_position"}};

// Where the row was written last. While anybody holds an old snapshot the server keeps every version of it, and who looks for it from the table's
// beginning passes all of them.
struct {
    Oid table;
    ItemPointerData place;
} last_written = {InvalidOid, {}};

// False also after a rollback of what was written, or VACUUM FULL.
bool FetchLastWritten(Relation table, TupleTableSlot* row, Snapshot snapshot) {
    ItemPointer place = &last_written.place;
    bool has_place = last_written.table == RelationGetRelid(table) && ItemPointerGetBlockNumber(place) < RelationGetNumberOfBlocks(table);
    return has_place && table_tuple_fetch_row_version(table, place, snapshot, row);
}

bool FindRow(Relation table, TupleTableSlot* row, Snapshot snapshot) {
    TableScanDesc scan = BeginTableScan(table, snapshot);
    bool found = table_scan_getnextslot(scan, ForwardScanDirection, row);    // the slot holds its page itself
    table_endscan(scan);
    return found;
}

// The copy of the table's one row with other values in these columns; it knows the place of the old row.
HeapTuple RowWith(Relation table, TupleTableSlot* row, Snapshot snapshot, const Datum* values) {
    int16_t places[lengthof(of_state)];
    FindPlaces(of_state, RelationGetDescr(table), places);
    if (!FetchLastWritten(table, row, snapshot) && !FindRow(table, row, snapshot))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder's state is missing")));
    slot_getallattrs(row);
    for (size_t i = 0; i < lengthof(of_state); i++)
        row->tts_values[places[i]] = values[i];
    HeapTuple changed = heap_form_tuple(RelationGetDescr(table), row->tts_values, row->tts_isnull);
    changed->t_self = row->tts_tid;
    return changed;
}

}    // namespace

// Every batch writes this row: past the executor, which took a fifth of the recorder's time for a refusal.
void SaveState(uint64_t position) {
    Relation table = table_open(get_relname_relid("recorder_state", get_namespace_oid(schema_name, false)), RowExclusiveLock);
    Datum values[] = {Int64GetDatum(self.working.last_seq), TimestampTzGetDatum(self.working.last_sealed_at),
                      Int64GetDatum(int64(self.database->ring_id)), Int64GetDatum(int64(position))};
    Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
    TupleTableSlot* row = table_slot_create(table, nullptr);
    HeapTuple changed = RowWith(table, row, snapshot, values);
    ExecForceStoreHeapTuple(changed, row, false);
    ReplaceRow(table, &changed->t_self, row, snapshot);
    last_written = {RelationGetRelid(table), row->tts_tid};
    ExecDropSingleTupleTableSlot(row);
    UnregisterSnapshot(snapshot);
    table_close(table, NoLock);
}

}    // namespace warrant
