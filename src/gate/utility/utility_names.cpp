#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/rights.hpp"
#include "pg/settings.hpp"
#include "rules/governing_policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "gate/access/access.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// The table of an index; InvalidOid when the relation is no index.
Oid TableOfIndex(Oid relation) {
    char kind = get_rel_relkind(relation);
    return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX ? IndexGetRelation(relation, true) : InvalidOid;
}

// An index has the privileges of its table. Columns count where the server looks at them; an owner may have revoked the owner's privileges.
bool HasAnyOf(Oid relation, AclMode privileges) {
    if ((privileges == 0 || privileges == ACL_ALL_RIGHTS_RELATION) && OwnsRelation(relation, GetUserId()))
        return true;
    if (Oid table = TableOfIndex(relation); OidIsValid(table))
        relation = table;
    return pg_class_aclmask(relation, GetUserId(), privileges, ACLMASK_ANY) != 0 ||
           ((privileges & ACL_REFERENCES) != 0 && pg_attribute_aclcheck_all(relation, GetUserId(), privileges, ACLMASK_ANY) == ACLCHECK_OK);
}

bool locking = false;

// The server calls this before each attempt to lock the relation.
void RequirePrivilege(const RangeVar* name, Oid relation, Oid, void* argument) {
    AclMode privileges = *static_cast<AclMode*>(argument);
    // Any reader takes the lock for which SELECT is enough, on our tables, too: pg_dump's workers do.
    if (OidIsValid(relation) && (privileges & ACL_SELECT) == 0)
        CheckOwnRelation(relation);
    if (OidIsValid(relation))
        RequireAnyOf(relation, privileges, name->relname);
}

bool Lists(const AccessList* list, Oid relation, Command command) {
    for (int i = 0; i < list->count; i++) {
        Command listed = list->items[i].command;
        if (list->items[i].relation == relation && (listed == command || (listed == Command::Drop && command == Command::Alter)))
            return true;
    }
    return false;
}

// Whether this statement, or the one whose part it is, was decided with this access.
bool IsDecided(Oid relation, Command command) {
    const Frame* inner = current_frame;
    for (const Frame* frame = inner; frame != nullptr && frame->kind == FrameKind::Utility; frame = frame->outer)
        // Other users may act inside than those for whom the outer statement was decided.
        if (frame->acting_inside != inner->acting_inside)
            return false;
        else if (const UtilityFrame* utility = static_cast<const UtilityFrame*>(frame);
                 utility->decided && Lists(&utility->needed, relation, command))
            return true;
    return false;
}

// Whether the relation is new, and what changes it is a part of the statement that created it.
bool IsBeingCreated(Oid oid) {
    if (CreatingFrame() == nullptr)
        return false;
    Relation relation = RelationIdGetRelation(oid);
    bool created = RelationIsValid(relation) && relation->rd_createSubid == GetCurrentSubTransactionId();
    if (RelationIsValid(relation))
        RelationClose(relation);
    return created;
}

bool Changes(Command command) {
    return command != Command::Select && command != Command::Export && command != Command::Maintain && command != Command::Grant;
}

// Where a catalogue names the relations that its objects are part of.
struct RelationColumns {
    Oid class_id;
    Oid index;
    AttrNumber oid;
    AttrNumber relations[2];
    // Where a domain's type stands, whose columns' tables count; InvalidAttrNumber where no object is part of a domain.
    AttrNumber type;
};

const RelationColumns relation_columns[] = {
    {ConstraintRelationId,
     ConstraintOidIndexId,
     Anum_pg_constraint_oid,
     {Anum_pg_constraint_conrelid, Anum_pg_constraint_confrelid},
     Anum_pg_constraint_contypid},
    {TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, {Anum_pg_trigger_tgrelid, Anum_pg_trigger_tgconstrrelid}, InvalidAttrNumber},
    {RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, {Anum_pg_rewrite_ev_class}, InvalidAttrNumber},
    {PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, {Anum_pg_policy_polrelid}, InvalidAttrNumber},
    {AttrDefaultRelationId, AttrDefaultOidIndexId, Anum_pg_attrdef_oid, {Anum_pg_attrdef_adrelid}, InvalidAttrNumber},
    {StatisticExtRelationId, StatisticExtOidIndexId, Anum_pg_statistic_ext_oid, {Anum_pg_statistic_ext_stxrelid}, InvalidAttrNumber},
};

List* ReadRelations(const RelationColumns* columns, Oid object, Snapshot snapshot) {
    List* found = NIL;
    Relation catalog = table_open(columns->class_id, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, columns->oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
    SysScanDesc scan = systable_beginscan(catalog, columns->index, true, snapshot, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    auto oid_in = [&](AttrNumber column) {
        bool null = !HeapTupleIsValid(tuple) || column == InvalidAttrNumber;
        Datum oid = null ? Datum(0) : heap_getattr(tuple, column, RelationGetDescr(catalog), &null);
        return null ? InvalidOid : DatumGetObjectId(oid);
    };
    for (AttrNumber column : columns->relations)
        if (OidIsValid(oid_in(column)))
            found = list_append_unique_oid(found, oid_in(column));
    Oid type = oid_in(columns->type);
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return OidIsValid(type) ? list_concat_unique_oid(found, TablesOfType(type)) : found;
}

// Columns, triggers, rules, policies and constraints are named after their relation.
bool IsNamedAfterRelation(ObjectType type) {
    return type == OBJECT_COLUMN || type == OBJECT_TRIGGER || type == OBJECT_RULE || type == OBJECT_POLICY || type == OBJECT_TABCONSTRAINT;
}

// The name that leads to the schema from here on, held; nullptr when the schema is gone.
char* PinnedName(Oid schema) {
    char* name = isTempNamespace(schema) ? pstrdup("pg_temp") : get_namespace_name(schema);
    HoldSchema(name, schema);
    return name;
}

void PinSchema(RangeVar* name, Oid schema) {
    char* pinned = OidIsValid(schema) ? PinnedName(schema) : nullptr;
    if (pinned != nullptr)
        name->schemaname = pinned;
}

List* PinnedNames(ObjectType type, List* names, Oid schema, char* name) {
    char* schema_name = PinnedName(schema);
    if (schema_name == nullptr)
        return names;
    List* pinned = list_make2(makeString(schema_name), makeString(name));
    return IsNamedAfterRelation(type) ? lappend(pinned, llast(names)) : pinned;
}

Oid SchemaOfStatistics(Oid statistics) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
    Oid schema = HeapTupleIsValid(tuple) ? Form_pg_statistic_ext(GETSTRUCT(tuple))->stxnamespace : InvalidOid;
    if (HeapTupleIsValid(tuple))
        ReleaseSysCache(tuple);
    return schema;
}

}    // namespace

void Need(AccessList* list, Oid relation, Command command) {
    if (Changes(command))
        CheckOwnRelation(relation);
    char kind = get_rel_relkind(relation);
    if (kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX)
        relation = IndexGetRelation(relation, true);
    if (relation < FirstNormalObjectId || kind == RELKIND_SEQUENCE || kind == RELKIND_COMPOSITE_TYPE || kind == '\0' || GateIsOff())
        return;
    const GoverningPolicies* policies = FindGoverningPolicies(relation);
    if (policies->own || policies->free)
        return;
    for (int i = 0; i < policies->ancestor_count; i++)
        if (Lists(list, policies->ancestors[i], command) || IsDecided(policies->ancestors[i], command))
            return;
    if (command == Command::Alter && IsBeingCreated(relation))
        return;
    AddAccess(list, policies->ancestor_count > 0 ? policies->ancestors[0] : relation, command);
}

void RequireAnyOf(Oid relation, AclMode privileges, const char* name) {
    char kind = HasAnyOf(relation, privileges) ? '\0' : get_rel_relkind(relation);
    if (kind != '\0')
        aclcheck_error(privileges == 0 ? ACLCHECK_NOT_OWNER : ACLCHECK_NO_PRIV, get_relkind_objtype(kind), name);
}

void RequireCreateIn(Oid schema) {
    if (!MayCreateIn(schema, GetUserId()))
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, get_namespace_name(schema));
}

void NeedCreate(AccessList* list, Oid schema) {
    if (GateIsOff() || !OidIsValid(schema))
        return;
    RequireCreateIn(schema);
    const GoverningPolicies* policies = ReadSchemaGoverningPolicies(schema);
    if (policies->own)
        NeedAdmin(list);
    else if (!policies->free && !Lists(list, schema, Command::Create) && !IsDecided(schema, Command::Create))
        AddAccess(list, schema, Command::Create);
}

// Whether ADMIN is governed for the subject, or for whoever else acts.
static bool IsAdminGoverned() {
    auto is_free = [](Oid user) { return ReadDatabaseGoverningPolicies(user)->free; };
    Oid subject = CurrentSubject();
    ActingUser other;
    return !is_free(subject) || FindActorWithout(&other, subject, is_free);
}

void NeedAdmin(AccessList* list) {
    if (!GateIsOff() && IsAdminGoverned() && !Lists(list, MyDatabaseId, Command::Admin) && !IsDecided(MyDatabaseId, Command::Admin))
        AddAccess(list, MyDatabaseId, Command::Admin);
}

void NeedOfEach(AccessList* list, List* relations, Command command) {
    List* sorted = list_copy(relations);
    list_sort(sorted, list_oid_cmp);
    ListCell* cell;
    foreach (cell, sorted)
        Need(list, lfirst_oid(cell), command);
}

List* RelationsIn(List* schemas) {
    List* relations = NIL;
    ForEachRelation([&](Form_pg_class row) {
        if (list_member_oid(schemas, row->relnamespace))
            relations = lappend_oid(relations, row->oid);
    });
    return relations;
}

bool IsLocking() { return locking; }

void SetLocking(bool on) { locking = on; }

void Pin(RangeVar* name, Oid relation) { PinSchema(name, get_rel_namespace(relation)); }

Oid ResolveNew(RangeVar* name, bool of_view) {
    if (name->relpersistence == RELPERSISTENCE_TEMP)
        return InvalidOid;
    Oid schema = RangeVarGetCreationNamespace(name);
    if (of_view)
        (void)PinnedName(schema);
    else
        PinSchema(name, schema);
    return schema;
}

Oid Resolve(RangeVar* name, LOCKMODE lock, AclMode privileges, uint32 flags) {
    Oid relation = RangeVarGetRelidExtended(name, locking ? lock : NoLock, flags, RequirePrivilege, &privileges);
    if (OidIsValid(relation))
        Pin(name, relation);
    return relation;
}

ObjectAddress ResolveObject(ObjectType type, Node** object, LOCKMODE lock, bool missing_ok) {
    Relation relation = nullptr;
    ObjectAddress address = get_object_address(type, *object, &relation, lock, missing_ok);
    if (type == OBJECT_STATISTIC_EXT && OidIsValid(address.objectId)) {
        List* names = castNode(List, *object);
        *object = reinterpret_cast<Node*>(PinnedNames(type, names, SchemaOfStatistics(address.objectId), strVal(llast(names))));
    }
    if (relation == nullptr)
        return address;
    if (IsA(*object, List))
        *object = reinterpret_cast<Node*>(
            PinnedNames(type, castNode(List, *object), RelationGetNamespace(relation), pstrdup(RelationGetRelationName(relation))));
    relation_close(relation, NoLock);
    return address;
}

List* RelationsOf(Oid class_id, Oid object, bool created) {
    if (class_id == RelationRelationId)
        return list_make1_oid(object);
    for (const RelationColumns& columns : relation_columns)
        if (columns.class_id == class_id)
            return ReadRelations(&columns, object, created ? SnapshotSelf : nullptr);
    return NIL;
}

bool IsQueryOfView(Oid rule, Oid view) {
    return rule == GetSysCacheOid2(RULERELNAME, Anum_pg_rewrite_oid, ObjectIdGetDatum(view), PointerGetDatum(ViewSelectRuleName));
}

void NeedAlter(AccessList* list, RangeVar* name, LOCKMODE lock, AclMode privileges, bool missing_ok) {
    if (name == nullptr)
        return;
    Oid relation = Resolve(name, lock, privileges, missing_ok ? RVR_MISSING_OK : 0);
    if (OidIsValid(relation))
        Need(list, relation, Command::Alter);
}

}    // namespace warrant
