#include "pg/server.hpp"

#include "rules/installation.hpp"
#include "rules/presence.hpp"
#include "gate/access/access.hpp"
#include "gate/check/check.hpp"
#include "gate/defence/labels.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/object_access.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

bool IsInternal(ObjectAccessType access, const void* argument) {
    switch (access) {
        case OAT_DROP: return (static_cast<const ObjectAccessDrop*>(argument)->dropflags & PERFORM_DELETION_INTERNAL) != 0;
        case OAT_POST_CREATE: return static_cast<const ObjectAccessPostCreate*>(argument)->is_internal;
        case OAT_POST_ALTER: return static_cast<const ObjectAccessPostAlter*>(argument)->is_internal;
        default: return false;
    }
}

// Whether the event changes a relation: a new column or another part changes its table, a new relation changes none.
bool IsPartOfRelation(ObjectAccessType access, Oid class_id, int sub_id) {
    return (class_id == RelationRelationId && (access != OAT_POST_CREATE || sub_id != 0)) || class_id == ConstraintRelationId ||
           class_id == TriggerRelationId || class_id == RewriteRelationId || class_id == PolicyRelationId || class_id == AttrDefaultRelationId ||
           class_id == StatisticExtRelationId;
}

// The relations that use what the statement has changed. Under a trigger, an index or a view's query is another body then, a column's domain has
// another default or check, or a foreign table reads elsewhere.
List* RelationsAround(ObjectAccessType access, Oid class_id, Oid object) {
    const Node* utility = access == OAT_POST_CREATE || access == OAT_POST_ALTER ? CurrentUtility() : nullptr;
    switch (utility == nullptr ? T_Invalid : nodeTag(utility)) {
        case T_CreateFunctionStmt:
        case T_AlterFunctionStmt:
        // Of the commands with this node only CREATE AGGREGATE makes a function.
        case T_DefineStmt: return class_id == ProcedureRelationId ? RelationsThatUse(class_id, object) : NIL;
        case T_AlterTSConfigurationStmt:
        case T_AlterTSDictionaryStmt: {
            bool words = class_id == TSConfigRelationId || class_id == TSDictionaryRelationId;
            return words ? RelationsThatUse(class_id, object) : NIL;
        }
        case T_AlterForeignServerStmt: return class_id == ForeignServerRelationId ? RelationsThatUse(class_id, object) : NIL;
        case T_AlterDomainStmt: return class_id == TypeRelationId ? TablesOfType(object) : NIL;
        case T_AlterEnumStmt: {
            bool renames = reinterpret_cast<const AlterEnumStmt*>(utility)->oldVal != nullptr;
            return class_id == TypeRelationId && renames ? TablesOfType(object) : NIL;
        }
        default: return NIL;
    }
}

// Whether the relation is ours or a toast table, told by the schema's name: while the extension itself is dropped, its tables can be read no
// more. A toast table goes with its table. Of the internal schema only types are left out: under an older script it may be a user's.
bool IsLeftOut(Oid relation) {
    Oid schema = get_rel_namespace(relation);
    const char* name = schema == PG_TOAST_NAMESPACE ? nullptr : get_namespace_name(schema);
    return name == nullptr || strcmp(name, schema_name) == 0 ||
           (strcmp(name, internal_schema_name) == 0 && get_rel_relkind(relation) == RELKIND_COMPOSITE_TYPE);
}

Command CommandOf(ObjectAccessType access, Oid class_id, Oid object, int sub_id, Oid relation) {
    if (access == OAT_TRUNCATE)
        return Command::Truncate;
    if (access == OAT_DROP && class_id == RewriteRelationId && IsQueryOfView(object, relation))
        return Command::Drop;
    bool whole = class_id == RelationRelationId && sub_id == 0 && strchr("iI", get_rel_relkind(object)) == nullptr;
    return access == OAT_DROP && whole ? Command::Drop : Command::Alter;
}

Oid SchemaOfType(Oid type, const char** name) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    Oid schema = Form_pg_type(GETSTRUCT(tuple))->typnamespace;
    *name = pstrdup(NameStr(Form_pg_type(GETSTRUCT(tuple))->typname));
    ReleaseSysCache(tuple);
    return schema;
}

// Nobody renames, moves or gives away the gate's functions and types: under another name or in another schema the recorder does not find them,
// and another owner could replace them.
void CheckOwnPart(Oid class_id, Oid object) {
    if ((class_id != ProcedureRelationId && class_id != TypeRelationId) || InsideDefinition())
        return;
    const char* name = class_id == ProcedureRelationId ? get_func_name(object) : nullptr;
    Oid schema = class_id == ProcedureRelationId ? get_func_namespace(object) : SchemaOfType(object, &name);
    if (IsOwnSchema(schema) && !IsUpdatingItself())
        RefuseOwn(schema, name);
}

// Nobody changes the triggers of our tables, who may write the tables included: they bind what comes from a dump to names, and tell of it.
void CheckOwnTriggers(Oid trigger) {
    if (IsUpdatingItself())
        return;
    ListCell* cell;
    foreach (cell, RelationsOf(TriggerRelationId, trigger, false))
        if (IsOwnRelation(lfirst_oid(cell)))
            RefuseOwn(get_rel_namespace(lfirst_oid(cell)), get_rel_name(lfirst_oid(cell)));
}

void CheckRelationsAround(List* relations) {
    AccessList list = {};
    if (relations != NIL && GateIsPresent())
        NeedOfEach(&list, relations, Command::Alter);
    CheckAccesses(nullptr, &list);
}

}    // namespace

void CheckObjectAccess(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument) {
    if (access != OAT_POST_CREATE && access != OAT_DROP && access != OAT_POST_ALTER && access != OAT_TRUNCATE)
        return;
    if (IsInternal(access, argument) || object < FirstNormalObjectId)
        return;
    if (access == OAT_POST_ALTER)
        CheckOwnPart(class_id, object);
    if ((access == OAT_POST_CREATE || access == OAT_POST_ALTER) && sub_id == 0)
        CheckComesIn(class_id, object);
    if (access == OAT_POST_ALTER && class_id == TriggerRelationId)
        CheckOwnTriggers(object);
    if (!IsPartOfRelation(access, class_id, sub_id)) {
        CheckRelationsAround(RelationsAround(access, class_id, object));
        return;
    }
    if (access == OAT_TRUNCATE && (GateIsPresent() || extension_created_here))
        CheckOwnRelation(object);
    AccessList list = {};
    ListCell* cell;
    foreach (cell, RelationsOf(class_id, object, access == OAT_POST_CREATE))
        if (!IsLeftOut(lfirst_oid(cell)) && GateIsPresent())
            Need(&list, lfirst_oid(cell), CommandOf(access, class_id, object, sub_id, lfirst_oid(cell)));
    CheckAccesses(nullptr, &list);
    if (access == OAT_DROP && class_id == RelationRelationId && sub_id == 0)
        NoteDroppedLabel(object);
}

}    // namespace warrant
