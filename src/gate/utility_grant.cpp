// GRANT and REVOKE of privileges on relations, and on what belongs to the gate.
#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "rules/installation.hpp"
#include "gate/gate.hpp"
#include "gate/held_names.hpp"
#include "gate/utility.hpp"

namespace warrant {

namespace {

bool NameOwnSchema(List* schemas) {
    ListCell* cell;
    foreach (cell, schemas)
        if (strcmp(strVal(lfirst(cell)), schema_name) == 0)
            return true;
    return false;
}

bool NameOwnFunction(List* functions) {
    ListCell* cell;
    foreach (cell, functions) {
        Oid function = LookupFuncWithArgs(OBJECT_ROUTINE, lfirst_node(ObjectWithArgs, cell), true);
        if (OidIsValid(function) && get_func_namespace(function) == RequireInstallation()->schema)
            return true;
    }
    return false;
}

// Who may use the gate's own objects is a part of the gate.
bool ConcernsOwn(const GrantStmt* grant) {
    if (grant->targtype == ACL_TARGET_ALL_IN_SCHEMA || (grant->targtype == ACL_TARGET_OBJECT && grant->objtype == OBJECT_SCHEMA))
        return NameOwnSchema(grant->objects);
    bool functions = grant->objtype == OBJECT_FUNCTION || grant->objtype == OBJECT_PROCEDURE || grant->objtype == OBJECT_ROUTINE;
    return functions && grant->targtype == ACL_TARGET_OBJECT && NameOwnFunction(grant->objects);
}

// Privileges are given by name without a lock.
void NeedOfNames(List* names, AccessList* list) {
    ListCell* cell;
    foreach (cell, names) {
        RangeVar* name = lfirst_node(RangeVar, cell);
        Oid relation = RangeVarGetRelid(name, NoLock, false);
        Pin(name, relation);
        HoldRelation(name, relation);
        Need(list, relation, Command::Grant);
        if (IsOwnRelation(relation))
            NeedAdmin(list);
    }
}

void NeedOfSchemas(List* names, AccessList* list) {
    List* schemas = NIL;
    ListCell* cell;
    foreach (cell, names) {
        const char* name = strVal(lfirst(cell));
        schemas = lappend_oid(schemas, get_namespace_oid(name, false));
        HoldSchema(name, llast_oid(schemas));
    }
    NeedOfEach(list, RelationsIn(schemas), Command::Grant);
}

// Relations whose rows in a catalogue this transaction has written since that command.
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

void CheckGranted(const UtilityFrame* frame) {
    const GrantStmt* grant = reinterpret_cast<const GrantStmt*>(frame->utility);
    if (!frame->decided || !IsA(grant, GrantStmt) || grant->objtype != OBJECT_TABLE || grant->targtype != ACL_TARGET_ALL_IN_SCHEMA)
        return;
    if (GateIsOff() || !GateIsPresent() || Mutant("granted_tables"))
        return;
    List* written = RelationsWritten(RelationRelationId, RelationOfClass, frame->began);
    if (NamesColumns(grant))
        written = list_concat_unique_oid(written, RelationsWritten(AttributeRelationId, RelationOfAttribute, frame->began));
    AccessList list = {};
    NeedOfEach(&list, written, Command::Grant);
    CheckAccesses(nullptr, &list);
}

void NeedOfGrant(Node* node, AccessList* list) {
    GrantStmt* grant = reinterpret_cast<GrantStmt*>(node);
    if (ConcernsOwn(grant))
        NeedAdmin(list);
    if (grant->objtype != OBJECT_TABLE || Mutant("privileges"))
        return;
    switch (grant->targtype) {
        case ACL_TARGET_OBJECT: NeedOfNames(grant->objects, list); break;
        case ACL_TARGET_ALL_IN_SCHEMA: NeedOfSchemas(grant->objects, list); break;
        default: break;    // privileges of what will be created
    }
}

}    // namespace warrant
