// GRANT and REVOKE of privileges on relations, and on what belongs to the gate.
#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "rules/installation.hpp"
#include "rules/presence.hpp"
#include "gate/access/access.hpp"
#include "gate/check/check.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Whether one of our schemas is named that may_grant says the caller can give something away of.
template <class MayGrant>
bool NameOwnSchema(List* schemas, MayGrant may_grant) {
    ListCell* cell;
    foreach (cell, schemas) {
        Oid schema = get_namespace_oid(strVal(lfirst(cell)), true);
        if (IsOwnSchema(schema) && may_grant(schema))
            return true;
    }
    return false;
}

// Whether the caller can give something away of one of our functions; who has nothing to give away of it is told so by the command itself.
bool NameOwnFunction(List* functions) {
    ListCell* cell;
    foreach (cell, functions) {
        Oid function = LookupFuncWithArgs(OBJECT_ROUTINE, lfirst_node(ObjectWithArgs, cell), true);
        if (OidIsValid(function) && IsOwnSchema(get_func_namespace(function)) && MayGrantFunction(function, GetUserId()))
            return true;
    }
    return false;
}

// Who may use the gate's own objects is a part of the gate.
bool ConcernsOwn(const GrantStmt* grant) {
    if (grant->targtype == ACL_TARGET_OBJECT && grant->objtype == OBJECT_SCHEMA)
        return NameOwnSchema(grant->objects, [](Oid schema) { return MayGrantSchema(schema, GetUserId()); });
    if (grant->targtype == ACL_TARGET_ALL_IN_SCHEMA)
        return NameOwnSchema(grant->objects, [](Oid) { return true; });
    bool functions = grant->objtype == OBJECT_FUNCTION || grant->objtype == OBJECT_PROCEDURE || grant->objtype == OBJECT_ROUTINE;
    return functions && grant->targtype == ACL_TARGET_OBJECT && NameOwnFunction(grant->objects);
}

// A digest of the relation's privileges: of itself and its columns.
uint32 DigestOfPrivileges(Oid relation) {
    uint32 digest = 0;
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    AttrNumber columns = HeapTupleIsValid(row) ? Form_pg_class(GETSTRUCT(row))->relnatts : 0;
    auto add = [&digest](int cache, HeapTuple tuple, AttrNumber column) {
        bool null = true;
        Datum acl = HeapTupleIsValid(tuple) ? SysCacheGetAttr(CacheNumber(cache), tuple, column, &null) : Datum(0);
        const Acl* list = null ? nullptr : DatumGetAclP(acl);
        digest = hash_combine(digest, list == nullptr ? 0 : hash_bytes(reinterpret_cast<const unsigned char*>(list), int(VARSIZE(list))));
        if (HeapTupleIsValid(tuple))
            ReleaseSysCache(tuple);
    };
    add(RELOID, row, Anum_pg_class_relacl);
    for (AttrNumber column = columns; column > 0; column--)
        add(ATTNUM, SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(column)), Anum_pg_attribute_attacl);
    return digest;
}

// A relation on which the caller can grant nothing when the command begins, with a digest of its privileges then.
struct Unable {
    Oid relation;
    uint32 digest;
};

bool HasSome(Oid relation, AclMode of_table, AclMode of_column) {
    return pg_class_aclmask(relation, GetUserId(), of_table, ACLMASK_ANY) != 0 ||
           (of_column != 0 && pg_attribute_aclcheck_all(relation, GetUserId(), of_column, ACLMASK_ANY) == ACLCHECK_OK);
}

// Who has no privilege to pass on changes nothing; who has none at all gets the server's error.
bool MayGrant(Oid relation, bool by_columns) {
    constexpr AclMode of_table = ACL_ALL_RIGHTS_RELATION, of_column = ACL_ALL_RIGHTS_COLUMN;
    if (HasSome(relation, ACL_GRANT_OPTION_FOR(of_table), ACL_GRANT_OPTION_FOR(of_column)))
        return true;
    if (!HasSome(relation, of_table, by_columns ? of_column : 0) && get_rel_relkind(relation) != '\0')
        aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
    return false;
}

// Adds GRANT on the relation. False when the caller changes nothing.
bool NeedGrant(Oid relation, bool by_columns, AccessList* list) {
    if (strchr("rpvmf", get_rel_relkind(relation)) == nullptr || MayGrant(relation, by_columns)) {
        Need(list, relation, Command::Grant);
        return true;
    }
    UtilityFrame* frame = static_cast<UtilityFrame*>(current_frame);
    Unable* unable = static_cast<Unable*>(palloc(sizeof(Unable)));
    *unable = Unable{relation, DigestOfPrivileges(relation)};
    frame->unable = lappend(frame->unable, unable);
    return false;
}

// GRANT takes no lock on the relations that it names, so their names are held.
void NeedOfNames(List* names, bool by_columns, AccessList* list) {
    ListCell* cell;
    foreach (cell, names) {
        RangeVar* name = lfirst_node(RangeVar, cell);
        Oid relation = RangeVarGetRelid(name, NoLock, false);
        Pin(name, relation);
        HoldRelation(name, relation);
        if (NeedGrant(relation, by_columns, list) && IsOwnRelation(relation))
            NeedAdmin(list);
    }
}

void NeedOfSchemas(List* names, bool by_columns, AccessList* list) {
    List* schemas = NIL;
    ListCell* cell;
    foreach (cell, names) {
        const char* name = strVal(lfirst(cell));
        schemas = lappend_oid(schemas, get_namespace_oid(name, false));
        HoldSchema(name, llast_oid(schemas));
    }
    List* relations = RelationsIn(schemas);
    list_sort(relations, list_oid_cmp);
    foreach (cell, relations)
        (void)NeedGrant(lfirst_oid(cell), by_columns, list);
}

// Relations whose rows in a catalogue this transaction has written since a command.
List* RelationsWritten(Oid catalog, Oid (*relation_of)(HeapTuple), CommandId since) {
    List* relations = NIL;
    Relation rows = table_open(catalog, AccessShareLock);
    SysScanDesc scan = systable_beginscan(rows, InvalidOid, false, SnapshotSelf, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan)))
        if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)) && HeapTupleHeaderGetCmin(tuple->t_data) >= since)
            relations = list_append_unique_oid(relations, relation_of(tuple));
    systable_endscan(scan);
    table_close(rows, AccessShareLock);
    return relations;
}

Oid RelationOfClass(HeapTuple tuple) { return Form_pg_class(GETSTRUCT(tuple))->oid; }
Oid RelationOfAttribute(HeapTuple tuple) { return Form_pg_attribute(GETSTRUCT(tuple))->attrelid; }

bool NamesColumns(const GrantStmt* grant) {
    ListCell* cell;
    foreach (cell, grant->privileges)
        if (lfirst_node(AccessPriv, cell)->cols != NIL)
            return true;
    return false;
}

}    // namespace

// Checks relations on which the caller could grant nothing when the command began, and whose privileges it has changed nevertheless: the caller has
// got the right meanwhile.
static void CheckUnable(const UtilityFrame* frame) {
    AccessList list = {};
    ListCell* cell;
    foreach (cell, frame->unable) {
        const Unable* unable = static_cast<const Unable*>(lfirst(cell));
        if (DigestOfPrivileges(unable->relation) != unable->digest)
            Need(&list, unable->relation, Command::Grant);
    }
    CheckAccesses(nullptr, &list);
}

void CheckGranted(const UtilityFrame* frame) {
    if (frame->unable != NIL && GateIsPresent())
        CheckUnable(frame);
    const GrantStmt* grant = reinterpret_cast<const GrantStmt*>(frame->utility);
    if (!frame->decided || !IsA(grant, GrantStmt) || grant->objtype != OBJECT_TABLE || grant->targtype != ACL_TARGET_ALL_IN_SCHEMA)
        return;
    if (GateIsOff() || !GateIsPresent())
        return;
    List* written = RelationsWritten(RelationRelationId, RelationOfClass, frame->began);
    if (NamesColumns(grant))
        written = list_concat_unique_oid(written, RelationsWritten(AttributeRelationId, RelationOfAttribute, frame->began));
    AccessList list = {};
    NeedOfEach(&list, written, Command::Grant);
    CheckAccesses(nullptr, &list);
}

static void NeedOfGrant(Node* node, AccessList* list) {
    GrantStmt* grant = reinterpret_cast<GrantStmt*>(node);
    if (ConcernsOwn(grant))
        NeedAdmin(list);
    if (grant->objtype != OBJECT_TABLE)
        return;
    switch (grant->targtype) {
        case ACL_TARGET_OBJECT: NeedOfNames(grant->objects, NamesColumns(grant), list); break;
        case ACL_TARGET_ALL_IN_SCHEMA: NeedOfSchemas(grant->objects, NamesColumns(grant), list); break;
        // ALTER DEFAULT PRIVILEGES is about what will be created.
        default: break;
    }
}

// clang-format off
const UtilityRow grant_rows[] = {
    {"GRANT", "GRANT; ADMIN for what belongs to the gate", T_GrantStmt, NeedOfGrant},
    {"REVOKE", "as GRANT", T_GrantStmt, NeedOfGrant},
    {},
};
// clang-format on

}    // namespace warrant
