// Reading our own tables as committed: what other transactions committed counts, what this one did does not, in both directions.
//
// Legal in parallel workers; takes no SIRead lock in SERIALIZABLE; sets no transaction snapshot; fresh in REPEATABLE READ.
#pragma once

#include "pg/server.hpp"

#include "rules/own_columns.hpp"

namespace warrant {

// Which rows are read: those that the gate decides by, or those that will be there if this transaction commits.
enum class Rows { Committed, OfTransaction };

struct CommittedScan {
    Relation table;
    Relation index;
    Snapshot snapshot;
    TupleTableSlot* slot;
    OwnColumns columns;    // none: of a catalogue all, by their places
    int16_t places[most_own_columns];
    OwnRow row;
};

void OpenCommitted(CommittedScan* scan, Oid table);
void BeginInIndex(CommittedScan* scan, Oid index, Rows rows);

// Opens and locks table and index, absorbs invalidations, then takes the snapshot, in this order. The index is asked for under the table's lock:
// REINDEX CONCURRENTLY gives it another OID, and waits for who has the lock before the old one misses rows.
template <class FindIndex>
void BeginCommitted(CommittedScan* scan, Oid table, FindIndex find_index, Rows rows = Rows::Committed) {
    OpenCommitted(scan, table);
    BeginInIndex(scan, find_index(), rows);
}
void EndCommitted(CommittedScan* scan);

// Begins to read one of our own tables: rows come with these columns alone, in this order.
template <class FindIndex>
void BeginOwn(CommittedScan* scan, const OwnColumns& columns, Oid table, FindIndex find_index, Rows rows = Rows::Committed) {
    OpenCommitted(scan, table);
    scan->columns = columns;
    FindPlaces(columns, RelationGetDescr(scan->table), scan->places);
    BeginInIndex(scan, find_index(), rows);
}

// Whether test(values, nulls) holds for some row with index columns as the keys want them; asks no further then. Values live until the next row.
template <class Test>
bool AnyCommitted(CommittedScan* scan, ScanKeyData* keys, int key_count, Test test, ScanDirection direction = ForwardScanDirection) {
    IndexScanDesc index_scan = BeginIndexScan(scan->table, scan->index, SnapshotAny, key_count);
    index_rescan(index_scan, keys, key_count, nullptr, 0);
    bool found = false;
    while (!found && index_getnext_slot(index_scan, direction, scan->slot)) {
        CHECK_FOR_INTERRUPTS();
        if (!table_tuple_satisfies_snapshot(scan->table, scan->slot, scan->snapshot))
            continue;
        slot_getallattrs(scan->slot);
        if (scan->columns.count > 0)
            TakeOwn(scan->columns, scan->places, scan->slot->tts_values, scan->slot->tts_isnull, &scan->row);
        found = scan->columns.count > 0 ? test(scan->row.values, scan->row.nulls) : test(scan->slot->tts_values, scan->slot->tts_isnull);
    }
    index_endscan(index_scan);
    return found;
}

// Calls visit(values, nulls) for each row with index columns equal to the keys.
template <class Visit>
void ForEachCommitted(CommittedScan* scan, ScanKeyData* keys, int key_count, Visit visit) {
    (void)AnyCommitted(scan, keys, key_count, [&visit](Datum* values, bool* nulls) {
        visit(values, nulls);
        return false;
    });
}

// Whether another transaction, too, can see the object, found by the catalogue's index of OIDs.
bool IsCommitted(Oid catalog, Oid oid_index, Oid object);

// The extension by its committed row: not created, and not dropped, by the current transaction alone. InvalidOid when there is none.
Oid CommittedExtension(const char* extension_name);

}    // namespace warrant
