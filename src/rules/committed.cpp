#include "pg/server.hpp"

#include "rules/committed.hpp"

namespace warrant {

namespace {

// The snapshot is a registered copy, so that setting curcid does not reach the server's own catalog snapshot.
Snapshot TakeCommittedSnapshot(Oid table, Rows rows) {
    if (rows == Rows::OfTransaction)
        return RegisterSnapshot(GetLatestSnapshot());
    Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(table));
    snapshot->curcid = FirstCommandId;
    return snapshot;
}

}    // namespace

void OpenCommitted(CommittedScan* scan, Oid table) {
    scan->table = table_open(table, AccessShareLock);
    scan->columns = {nullptr, 0, 0};
    AcceptInvalidationMessages();    // which locking left out when the lock was held before
}

void BeginInIndex(CommittedScan* scan, Oid index, Rows rows) {
    scan->index = index_open(index, AccessShareLock);
    AcceptInvalidationMessages();
    scan->snapshot = TakeCommittedSnapshot(RelationGetRelid(scan->table), rows);
    scan->slot = table_slot_create(scan->table, nullptr);
}

void EndCommitted(CommittedScan* scan) {
    ExecDropSingleTupleTableSlot(scan->slot);
    UnregisterSnapshot(scan->snapshot);
    index_close(scan->index, AccessShareLock);
    table_close(scan->table, AccessShareLock);
}

Oid CommittedExtension(const char* extension_name) {
    CommittedScan scan;
    BeginCommitted(&scan, ExtensionRelationId, [] { return Oid(ExtensionNameIndexId); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(extension_name));
    Oid found = InvalidOid;
    ForEachCommitted(&scan, &key, 1, [&found](Datum* values, bool*) { found = DatumGetObjectId(values[Anum_pg_extension_oid - 1]); });
    EndCommitted(&scan);
    return found;
}

bool IsCommitted(Oid catalog, Oid oid_index, Oid object) {
    CommittedScan scan;
    BeginCommitted(&scan, catalog, [oid_index] { return oid_index; });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
    bool found = false;
    ForEachCommitted(&scan, &key, 1, [&found](Datum*, bool*) { found = true; });
    EndCommitted(&scan);
    return found;
}

}    // namespace warrant
