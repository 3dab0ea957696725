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

}    // namespace

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
