#include "pg/server.hpp"

#include "pg/oid_table.hpp"
#include "rules/family.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

// Relations in the order in which they were found, each once.
struct Found {
    List* relations;
    HTAB* known;    // nullptr while they are few
};

void Add(Found* found, Oid relation) {
    constexpr int few = 32;
    bool is_known;
    if (found->known == nullptr && list_length(found->relations) >= few) {
        found->known = NewOidTable("pg_warrant family", sizeof(Oid));
        ListCell* cell;
        foreach (cell, found->relations)
            (void)EnterOid<Oid>(found->known, lfirst_oid(cell), &is_known);
    }
    if (found->known == nullptr)
        is_known = list_member_oid(found->relations, relation);
    else
        (void)EnterOid<Oid>(found->known, relation, &is_known);
    if (!is_known)
        found->relations = lappend_oid(found->relations, relation);
}

// Believes the relation's row, as the server's planner does: who adds a child has marked it, and nobody takes the mark away while there is one.
bool MayHaveChildren(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool marked = Form_pg_class(GETSTRUCT(tuple))->relhassubclass;
    ReleaseSysCache(tuple);
    return marked;
}

enum class Direction { Up, Down };

// Adds the parents of a relation, or its children, a pending DETACH included.
void AddNext(Found* found, Relation inherits, Oid relation, Direction direction) {
    bool up = direction == Direction::Up;
    if (!up && !MayHaveChildren(relation))
        return;
    ScanKeyData key;
    ScanKeyInit(&key, up ? Anum_pg_inherits_inhrelid : Anum_pg_inherits_inhparent, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc scan = systable_beginscan(inherits, up ? InheritsRelidSeqnoIndexId : InheritsParentIndexId, true, nullptr, 1, &key);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_inherits row = Form_pg_inherits(GETSTRUCT(tuple));
        Add(found, up ? row->inhparent : row->inhrelid);
    }
    systable_endscan(scan);
}

// Adds what is next to the relations from one place on, and to what that adds.
void AddRelatives(Found* found, Relation inherits, int from, Direction direction) {
    for (int i = from; i < list_length(found->relations); i++)
        AddNext(found, inherits, list_nth_oid(found->relations, i), direction);
}

}    // namespace

List* AncestorsOf(Oid relation) {
    Found found = {list_make1_oid(relation), nullptr};
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    AddRelatives(&found, inherits, 0, Direction::Up);
    table_close(inherits, AccessShareLock);
    return found.relations;
}

// A child of several parents brings its rows, and what governs them, into each of them. Partitions have one parent.
List* ReadFamily(Oid relation, char relkind, int* ancestor_count) {
    Found found = {AncestorsOf(relation), nullptr};
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    *ancestor_count = list_length(found.relations);
    AddNext(&found, inherits, relation, Direction::Down);
    AddRelatives(&found, inherits, *ancestor_count, Direction::Down);
    if (relkind != RELKIND_PARTITIONED_TABLE)
        AddRelatives(&found, inherits, *ancestor_count, Direction::Up);
    table_close(inherits, AccessShareLock);
    return found.relations;
}

Oid OwnerOfToast(Oid toast) {
    char* name = get_rel_name(toast);
    unsigned int owner = InvalidOid;
    if (name == nullptr || sscanf(name, "pg_toast_%u", &owner) != 1)
        return InvalidOid;
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(owner));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    bool confirmed = Form_pg_class(GETSTRUCT(tuple))->reltoastrelid == toast;
    ReleaseSysCache(tuple);
    return confirmed ? owner : InvalidOid;
}

List* FamilyOf(Oid relation) {
    int ancestor_count;
    return ReadFamily(relation, get_rel_relkind(relation), &ancestor_count);
}

bool IsNeverOfSchemas(Oid relation, Oid schema) {
    return relation < FirstNormalObjectId || schema == RequireInstallation()->schema || get_rel_relkind(relation) == RELKIND_SEQUENCE ||
           isTempNamespace(schema);
}

bool CoveredByTableOnly(Oid relation, Oid schema) {
    return IsNeverOfSchemas(relation, schema) || OidIsValid(getExtensionOfObject(RelationRelationId, relation));
}

}    // namespace warrant
