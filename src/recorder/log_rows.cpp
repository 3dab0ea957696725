#include "pg/server.hpp"

#include "queue/audit_columns.hpp"
#include "recorder/log_rows.hpp"
#include "rules/approvers.hpp"

namespace warrant {

namespace {

// Our columns, and two that nobody gives.
enum { place_none = -1, place_database = most_audit_columns, place_person, most_places };

// A row as the table has it.
struct TableRow {
    Datum values[most_places];
    bool nulls[most_places];
};

const char* NameOfPlace(int place) {
    return place == place_database ? "database_name" : place == place_person ? "person" : audit_columns[place].name;
}

Oid TypeOfPlace(int place) { return place == place_database ? NAMEOID : place == place_person ? TEXTOID : audit_columns[place].type; }

int PlaceNamed(const char* name) {
    for (int place = 0; place < most_places; place++)
        if ((place < audit_column_count || place >= place_database) && strcmp(NameOfPlace(place), name) == 0)
            return place;
    return place_none;
}

// What stands in a column of the table; place_none: nothing of ours. Partitions have their columns alike, so the last answer mostly holds.
int PlaceOf(int column, const FormData_pg_attribute* attribute) {
    static int8_t known[most_places];
    int place = known[column];
    if (strcmp(NameOfPlace(place), NameStr(attribute->attname)) != 0)
        place = PlaceNamed(NameStr(attribute->attname));
    if (place == place_none || TypeOfPlace(place) != attribute->atttypid)
        return place_none;
    known[column] = int8_t(place);
    return place;
}

// The partition for the time; InvalidOid for none.
Oid PartitionFor(Relation log, Datum time) {
    if (log->rd_rel->relkind != RELKIND_PARTITIONED_TABLE || log->trigdesc != nullptr || log->rd_rules != nullptr)
        return InvalidOid;
    PartitionKey key = RelationGetPartitionKey(log);
    PartitionDesc partitions = RelationGetPartitionDesc(log, true);
    if (key->strategy != PARTITION_STRATEGY_RANGE || key->partnatts != 1 || partitions->nparts == 0)
        return InvalidOid;
    bool is_equal;
    int bound = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo, 1, &time, &is_equal);
    int index = partitions->boundinfo->indexes[bound + 1];
    return index < 0 ? InvalidOid : partitions->oids[index];
}

const char* PersonOfRow(const Datum* values, const char* nulls) {
    auto has = [nulls](int place) { return nulls[place] == ' '; };
    int role = AuditColumnNamed("session_user_oid"), identity = AuditColumnNamed("authn_id");
    int names[] = {AuditColumnNamed("authenticated_user_name"), AuditColumnNamed("session_user_name")};
    Oid login = has(role) ? DatumGetObjectId(values[role]) : InvalidOid;
    if (const char* person = OidIsValid(login) ? PersonOf(login) : nullptr)
        return person;
    if (has(identity))
        return TextDatumGetCString(values[identity]);
    for (int name : names)
        if (has(name))
            return NameStr(*DatumGetName(values[name]));
    return OidIsValid(login) ? psprintf("role %u", login) : nullptr;
}

// Arranges the row as the partition has its columns; false where it has a column or a constraint that is not ours.
bool Arrange(TupleDesc columns, const Datum* values, const char* nulls, TableRow* row) {
    if (columns->natts > most_places || (columns->constr != nullptr && columns->constr->num_check > 0))
        return false;
    const char* person = PersonOfRow(values, nulls);
    for (int i = 0; i < columns->natts; i++) {
        const FormData_pg_attribute* attribute = TupleDescAttr(columns, i);
        int place = attribute->attisdropped ? place_none : PlaceOf(i, attribute);
        if (place == place_none)
            return false;
        bool is_ours = place < place_database;
        row->nulls[i] = is_ours ? nulls[place] != ' ' : place == place_person && person == nullptr;
        if (row->nulls[i] && attribute->attnotnull)
            return false;
        if (row->nulls[i])
            continue;
        row->values[i] = is_ours                 ? values[place]
                         : place == place_person ? CStringGetTextDatum(person)
                                                 : DirectFunctionCall1(namein, CStringGetDatum(get_database_name(MyDatabaseId)));
    }
    return true;
}

void InsertInto(Relation table, const TableRow* row) {
    EState* estate = CreateExecutorState();
    ResultRelInfo* target = makeNode(ResultRelInfo);
    InitResultRelInfo(target, table, 0, nullptr, 0);
    ExecOpenIndices(target, false);
    TupleTableSlot* slot = table_slot_create(table, nullptr);
    ExecClearTuple(slot);
    memcpy(slot->tts_values, row->values, RelationGetDescr(table)->natts * sizeof(Datum));
    memcpy(slot->tts_isnull, row->nulls, RelationGetDescr(table)->natts * sizeof(bool));
    ExecStoreVirtualTuple(slot);
    table_tuple_insert(table, slot, GetCurrentCommandId(true), 0, nullptr);
    if (target->ri_NumIndices > 0)
        InsertIntoIndexes(target, slot, estate);
    ExecCloseIndices(target);
    ExecDropSingleTupleTableSlot(slot);
    FreeExecutorState(estate);
}

}    // namespace

bool InsertLogRow(Relation log, const Datum* values, const char* nulls) {
    Oid oid = PartitionFor(log, values[AuditColumnNamed("sealed_at")]);
    if (!OidIsValid(oid))
        return false;
    Relation partition = table_open(oid, RowExclusiveLock);
    TableRow row = {};
    bool arranged = partition->rd_rel->relkind == RELKIND_RELATION && partition->trigdesc == nullptr && partition->rd_rules == nullptr &&
                    Arrange(RelationGetDescr(partition), values, nulls, &row);
    if (arranged)
        InsertInto(partition, &row);
    table_close(partition, NoLock);
    return arranged;
}

}    // namespace warrant
