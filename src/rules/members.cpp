#include "pg/server.hpp"

#include "pg/oid_table.hpp"
#include "rules/family.hpp"
#include "rules/labels.hpp"
#include "rules/members.hpp"

namespace warrant {

namespace {

// The policies on a schema and the database.
struct SchemaPolicies {
    Oid schema;
    bool read;
    PolicyList policies;
    int told;    // the family in which a member stands for all that have no others
};

// Enters what is not known yet, and reads it together. What is gone has no entry.
void ReadTables(MemberReader* reader, const List* family) {
    TablePolicies** unread = static_cast<TablePolicies**>(palloc(list_length(family) * sizeof(TablePolicies*)));
    int count = 0;
    ListCell* cell;
    foreach (cell, family) {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        bool found;
        TablePolicies* table = EnterOid<TablePolicies>(reader->tables, lfirst_oid(cell), &found);
        Form_pg_class row = Form_pg_class(GETSTRUCT(tuple));
        if (!found) {
            *table = TablePolicies{row->oid, row->relnamespace, row->relname, {}};
            unread[count++] = table;
        }
        ReleaseSysCache(tuple);
    }
    ReadTablePolicies(unread, count, reader->rows);
    AppendByLabels(unread, count, reader->rows);
    pfree(unread);
}

SchemaPolicies* FindSchema(MemberReader* reader, Oid schema) {
    ListCell* cell;
    foreach (cell, reader->schemas)
        if (static_cast<SchemaPolicies*>(lfirst(cell))->schema == schema)
            return static_cast<SchemaPolicies*>(lfirst(cell));
    SchemaPolicies* policies = static_cast<SchemaPolicies*>(palloc0(sizeof(SchemaPolicies)));
    policies->schema = schema;
    reader->schemas = lappend(reader->schemas, policies);
    return policies;
}

const PolicyList* PoliciesOf(SchemaPolicies* schema, Rows rows) {
    if (!schema->read)
        ReadSchemaPolicies(&schema->policies, schema->schema, rows);
    schema->read = true;
    return &schema->policies;
}

PolicyList Joined(const PolicyList* own, const PolicyList* of_schema) {
    PolicyList all = {};
    for (int i = 0; i < own->count; i++)
        AppendNew(&all, own->items[i]);
    for (int i = 0; i < of_schema->count; i++)
        AppendNew(&all, of_schema->items[i]);
    return all;
}

bool IsCovered(const TablePolicies* table) { return !CoveredByTableOnly(table->table, table->schema); }

}    // namespace

MemberReader NewMemberReader(Rows rows) { return MemberReader{rows, NewOidTable("pg_warrant members", sizeof(TablePolicies)), NIL, 0}; }

Members ReadMembers(MemberReader* reader, const List* family, const List* apart) {
    ReadTables(reader, family);
    reader->families++;
    Members members = {0, static_cast<Member*>(palloc(list_length(family) * sizeof(Member))), NIL};
    ListCell* cell;
    foreach (cell, family) {
        const TablePolicies* table = FindOid<TablePolicies>(reader->tables, lfirst_oid(cell));
        if (table == nullptr)
            continue;
        members.namesakes = list_concat_unique_oid(members.namesakes, table->policies.namesakes);
        SchemaPolicies* schema = FindSchema(reader, table->schema);
        bool alike = table->policies.count == 0 && !list_member_oid(apart, table->table);
        if (alike && (schema->told == reader->families || !IsCovered(table)))
            continue;
        const PolicyList* others = PoliciesOf(schema, reader->rows);
        if (alike)
            schema->told = reader->families;
        members.namesakes = list_concat_unique_oid(members.namesakes, others->namesakes);
        bool joins = others->count > 0 && (alike || IsCovered(table));
        members.items[members.count++] = Member{table->table, table->schema, joins ? Joined(&table->policies, others) : table->policies};
    }
    return members;
}

}    // namespace warrant
