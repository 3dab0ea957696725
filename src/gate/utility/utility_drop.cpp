// DROP and what falls with it, so that one request names all of it. object_access.cpp meets each object again when it goes.
#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "gate/access/access.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Objects to visit, each once: a hash of them, and the queue.
struct Walk {
    HTAB* seen;
    List* queue;
    bool cascade;
};

Walk StartWalk(bool cascade) {
    HASHCTL control = {};
    control.keysize = sizeof(ObjectAddress);
    control.entrysize = sizeof(ObjectAddress);
    control.hcxt = CurrentMemoryContext;
    return Walk{hash_create("pg_warrant dependents", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT), NIL, cascade};
}

void Visit(Walk* walk, Oid class_id, Oid object, int32 sub_id) {
    ObjectAddress address = {class_id, object, sub_id};
    bool found;
    void* entry = hash_search(walk->seen, &address, HASH_ENTER, &found);
    if (!found)
        walk->queue = lappend(walk->queue, entry);
}

// Visits what depends on the object. Without CASCADE a command that meets an ordinary dependent fails by itself.
void VisitDependents(Walk* walk, Relation depend, const ObjectAddress* address) {
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(address->classId));
    ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(address->objectId));
    ScanKeyInit(&keys[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(address->objectSubId));
    SysScanDesc scan = systable_beginscan(depend, DependReferenceIndexId, true, nullptr, address->objectSubId == 0 ? 2 : 3, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_depend row = Form_pg_depend(GETSTRUCT(tuple));
        if (row->deptype == DEPENDENCY_NORMAL ? walk->cascade : OidIsValid(row->classid))
            Visit(walk, row->classid, row->objid, row->objsubid);
    }
    systable_endscan(scan);
}

// Visits the whole that the object is a part of: with a part that the whole cannot be without, as a view's query, the whole goes.
void VisitWhole(Walk* walk, Relation depend, const ObjectAddress* address) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(address->classId));
    ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(address->objectId));
    SysScanDesc scan = systable_beginscan(depend, DependDependerIndexId, true, nullptr, 2, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_depend row = Form_pg_depend(GETSTRUCT(tuple));
        if (row->deptype == DEPENDENCY_INTERNAL)
            Visit(walk, row->refclassid, row->refobjid, row->refobjsubid);
    }
    systable_endscan(scan);
}

bool IsWholeRelation(const ObjectAddress* address) {
    return address->classId == RelationRelationId && address->objectSubId == 0 && strchr("iI", get_rel_relkind(address->objectId)) == nullptr;
}

void FinishWalk(Walk* walk) {
    Relation depend = table_open(DependRelationId, AccessShareLock);
    ListCell* cell;
    foreach (cell, walk->queue) {
        CHECK_FOR_INTERRUPTS();
        const ObjectAddress* address = static_cast<const ObjectAddress*>(lfirst(cell));
        VisitDependents(walk, depend, address);
        if (walk->cascade)
            VisitWhole(walk, depend, address);
    }
    table_close(depend, AccessShareLock);
}

// Adds first what goes, then what only loses a part: the first covers the second. The gate's own relations go with the extension alone.
void NeedOfWalk(Walk* walk, AccessList* list) {
    FinishWalk(walk);
    List* whole = NIL;
    ListCell* cell;
    foreach (cell, walk->queue) {
        ObjectAddress* address = static_cast<ObjectAddress*>(lfirst(cell));
        if (IsWholeRelation(address) && !IsOwnRelation(address->objectId))
            whole = lappend_oid(whole, address->objectId);
    }
    NeedOfEach(list, whole, Command::Drop);
    foreach (cell, walk->queue) {
        ObjectAddress* address = static_cast<ObjectAddress*>(lfirst(cell));
        if (IsWholeRelation(address))
            continue;
        ListCell* inner;
        foreach (inner, RelationsOf(address->classId, address->objectId))
            if (!IsOwnRelation(lfirst_oid(inner)))
                Need(list, lfirst_oid(inner), Command::Alter);
    }
    hash_destroy(walk->seen);
}

// The kinds of relations that the command drops; nullptr when it drops something else.
const char* KindsOf(ObjectType type) {
    switch (type) {
        case OBJECT_TABLE: return "rp";
        case OBJECT_VIEW: return "v";
        case OBJECT_MATVIEW: return "m";
        case OBJECT_FOREIGN_TABLE: return "f";
        case OBJECT_INDEX: return "iI";
        case OBJECT_SEQUENCE: return "S";
        default: return nullptr;
    }
}

bool MayDrop(Oid relation) { return OwnsRelation(relation, GetUserId()) || OwnsSchema(get_rel_namespace(relation), GetUserId()); }

// Visits a relation that is dropped. With a relation of another kind the command fails by itself.
void VisitRelation(Walk* walk, List* names, const char* kinds) {
    Oid relation = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
    char kind = OidIsValid(relation) ? get_rel_relkind(relation) : '\0';
    if (kind == '\0')
        return;
    CheckOwnRelation(relation);
    if (strchr(kinds, kind) == nullptr)
        return;
    if (!MayDrop(relation))
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(kind), strVal(llast(names)));
    Visit(walk, RelationRelationId, relation, 0);
}

// Requires the right to drop that the command itself asks for. The relation that the object is a part of has been locked by finding the object.
void RequireMayDrop(ObjectType type, const ObjectAddress* address, Node* object, List* relations) {
    Oid schema = get_object_namespace(address);
    if (OidIsValid(schema) && OwnsSchema(schema, GetUserId()))
        return;
    Relation relation = relations == NIL ? nullptr : relation_open(linitial_oid(relations), AccessShareLock);
    check_object_ownership(GetUserId(), type, *address, object, relation);
    if (relation != nullptr)
        relation_close(relation, NoLock);
}

void VisitNamed(Walk* walk, ObjectType type, Node* object) {
    ObjectAddress address = ResolveObject(type, &object, AccessShareLock, true);
    if (!OidIsValid(address.objectId))
        return;
    List* relations = RelationsOf(address.classId, address.objectId);
    ListCell* cell;
    foreach (cell, relations)
        CheckOwnRelation(lfirst_oid(cell));
    RequireMayDrop(type, &address, object, relations);
    Visit(walk, address.classId, address.objectId, address.objectSubId);
}

bool NamesOwnExtension(List* names) {
    ListCell* cell;
    foreach (cell, names)
        if (strcmp(strVal(lfirst(cell)), extension_name) == 0)
            return true;
    return false;
}

// Calls visit(Form_pg_shdepend) for each object of this database that depends on the role.
template <class VisitRow>
void ForEachOfRole(Oid role, VisitRow visit) {
    Relation depend = table_open(SharedDependRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_shdepend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(AuthIdRelationId));
    ScanKeyInit(&keys[1], Anum_pg_shdepend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
    SysScanDesc scan = systable_beginscan(depend, SharedDependReferenceIndexId, true, nullptr, 2, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_shdepend row = Form_pg_shdepend(GETSTRUCT(tuple));
        if (row->dbid == MyDatabaseId)
            visit(row);
    }
    systable_endscan(scan);
    table_close(depend, AccessShareLock);
}

// Visits nothing when the caller may not act for one of the roles: the command fails by itself.
template <class VisitRow>
void ForEachOfRoles(List* roles, VisitRow visit) {
    ListCell* cell;
    foreach (cell, roles)
        if (!has_privs_of_role(GetUserId(), get_rolespec_oid(lfirst_node(RoleSpec, cell), false)))
            return;
    foreach (cell, roles)
        ForEachOfRole(get_rolespec_oid(lfirst_node(RoleSpec, cell), false), visit);
}

}    // namespace

static void NeedOfDrop(Node* node, AccessList* list) {
    DropStmt* drop = reinterpret_cast<DropStmt*>(node);
    const char* kinds = KindsOf(drop->removeType);
    Walk walk = StartWalk(drop->behavior == DROP_CASCADE);
    ListCell* cell;
    foreach (cell, drop->objects) {
        Node* object = static_cast<Node*>(lfirst(cell));
        if (kinds != nullptr)
            VisitRelation(&walk, castNode(List, object), kinds);
        else
            VisitNamed(&walk, drop->removeType, object);
    }
    if (drop->removeType == OBJECT_EVENT_TRIGGER || (drop->removeType == OBJECT_EXTENSION && NamesOwnExtension(drop->objects)))
        NeedAdmin(list);
    NeedOfWalk(&walk, list);
}

static void NeedOfDropOwned(Node* node, AccessList* list) {
    DropOwnedStmt* drop = reinterpret_cast<DropOwnedStmt*>(node);
    Walk walk = StartWalk(drop->behavior == DROP_CASCADE);
    List* revoked = NIL;
    ForEachOfRoles(drop->roles, [&](Form_pg_shdepend row) {
        if (row->deptype == SHARED_DEPENDENCY_OWNER || row->deptype == SHARED_DEPENDENCY_POLICY)
            Visit(&walk, row->classid, row->objid, row->objsubid);
        else if (row->deptype == SHARED_DEPENDENCY_ACL && row->classid == RelationRelationId)
            revoked = lappend_oid(revoked, row->objid);
    });
    NeedOfWalk(&walk, list);
    NeedOfEach(list, revoked, Command::Grant);
}

static void NeedOfReassign(Node* node, AccessList* list) {
    const ReassignOwnedStmt* reassign = reinterpret_cast<ReassignOwnedStmt*>(node);
    // Who may not act for the new owner gets the server's own error.
    if (!has_privs_of_role(GetUserId(), get_rolespec_oid(reassign->newrole, false)))
        return;
    List* owned = NIL;
    ForEachOfRoles(reassign->roles, [&](Form_pg_shdepend row) {
        if (row->deptype == SHARED_DEPENDENCY_OWNER)
            owned = list_concat(owned, RelationsOf(row->classid, row->objid));
    });
    NeedOfEach(list, owned, Command::Alter);
}

void NeedOfDependents(Oid class_id, Oid object, int32 sub_id, AccessList* list) {
    Walk walk = StartWalk(true);
    Visit(&walk, class_id, object, sub_id);
    NeedOfWalk(&walk, list);
}

List* RelationsThatUse(Oid class_id, Oid object) {
    Walk walk = StartWalk(true);
    Visit(&walk, class_id, object, 0);
    FinishWalk(&walk);
    List* found = NIL;
    ListCell* cell;
    foreach (cell, walk.queue) {
        ObjectAddress* address = static_cast<ObjectAddress*>(lfirst(cell));
        found = list_concat_unique_oid(found, RelationsOf(address->classId, address->objectId));
    }
    hash_destroy(walk.seen);
    return found;
}

List* TablesOfType(Oid type) {
    Walk walk = StartWalk(true);
    Visit(&walk, TypeRelationId, type, 0);
    List* found = NIL;
    Relation depend = table_open(DependRelationId, AccessShareLock);
    ListCell* cell;
    // The queue grows while it is walked, which foreach allows.
    foreach (cell, walk.queue) {
        ObjectAddress* address = static_cast<ObjectAddress*>(lfirst(cell));
        if (address->classId == TypeRelationId)
            VisitDependents(&walk, depend, address);
        if (address->classId != RelationRelationId)
            continue;
        found = list_append_unique_oid(found, address->objectId);
        Oid row_type = get_rel_type_id(address->objectId);
        if (OidIsValid(row_type))
            Visit(&walk, TypeRelationId, row_type, 0);
    }
    table_close(depend, AccessShareLock);
    hash_destroy(walk.seen);
    return found;
}

// clang-format off
const UtilityRow drop_rows[] = {
    {"DROP OWNED", "DROP and ALTER as DROP; GRANT where privileges are taken away", T_DropOwnedStmt, NeedOfDropOwned},
    {"REASSIGN OWNED", "ALTER", T_ReassignOwnedStmt, NeedOfReassign},
    {"DROP ACCESS METHOD", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP AGGREGATE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP CAST", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP COLLATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP CONSTRAINT", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP CONVERSION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP DOMAIN", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP EVENT TRIGGER", "ADMIN", T_DropStmt, NeedOfDrop},
    {"DROP EXTENSION", "DROP and ALTER of what CASCADE drops; ADMIN for this one", T_DropStmt, NeedOfDrop},
    {"DROP FOREIGN DATA WRAPPER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP FOREIGN TABLE", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP FUNCTION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP INDEX", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP LANGUAGE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP MATERIALIZED VIEW", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR CLASS", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR FAMILY", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP POLICY", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP PROCEDURE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP PUBLICATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP ROUTINE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP RULE", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP SCHEMA", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP SEQUENCE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP SERVER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP STATISTICS", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP TABLE", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH CONFIGURATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH DICTIONARY", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH PARSER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH TEMPLATE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TRANSFORM", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TRIGGER", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP TYPE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP VIEW", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {},
};
// clang-format on

}    // namespace warrant
