#include "pg/server.hpp"

#include "rules/family.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

// Adds what pg_inherits names in one direction, however deep, a pending DETACH included.
List* AddRelatives(List* found, Oid start, bool up) {
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    List* queue = list_make1_oid(start);
    ListCell* cell;
    foreach (cell, queue) {
        ScanKeyData key;
        ScanKeyInit(&key, up ? Anum_pg_inherits_inhrelid : Anum_pg_inherits_inhparent, BTEqualStrategyNumber, F_OIDEQ,
                    ObjectIdGetDatum(lfirst_oid(cell)));
        SysScanDesc scan = systable_beginscan(inherits, up ? InheritsRelidSeqnoIndexId : InheritsParentIndexId, true, nullptr, 1, &key);
        HeapTuple tuple;
        while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
            Form_pg_inherits row = Form_pg_inherits(GETSTRUCT(tuple));
            Oid relative = up ? row->inhparent : row->inhrelid;
            queue = list_append_unique_oid(queue, relative);
            found = list_append_unique_oid(found, relative);
        }
        systable_endscan(scan);
    }
    table_close(inherits, AccessShareLock);
    return found;
}

// A child of several parents brings its rows, and what governs them, into each of them. Partitions have one parent.
List* AddOtherParents(List* family, int first_descendant, char relkind) {
    int count = relkind == RELKIND_PARTITIONED_TABLE ? 0 : list_length(family);
    for (int i = first_descendant; i < count; i++)
        family = AddRelatives(family, list_nth_oid(family, i), true);
    return family;
}

}    // namespace

List* ReadFamily(Oid relation, char relkind, int* ancestor_count) {
    List* ancestors = AddRelatives(list_make1_oid(relation), relation, true);
    *ancestor_count = list_length(ancestors);
    return AddOtherParents(AddRelatives(ancestors, relation, false), *ancestor_count, relkind);
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
