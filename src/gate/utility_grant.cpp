// GRANT and REVOKE of privileges on relations.
#include "pg/server.hpp"

#include "gate/gate.hpp"
#include "gate/utility.hpp"

namespace warrant {

namespace {

// Privileges are given by name without a lock: the schema in the name is what keeps it to the relation decided on.
void NeedOfNames(List* names, AccessList* list) {
    ListCell* cell;
    foreach (cell, names) {
        RangeVar* name = lfirst_node(RangeVar, cell);
        Oid relation = RangeVarGetRelid(name, NoLock, false);
        Pin(name, relation);
        Need(list, relation, Command::Grant);
    }
}

void NeedOfSchemas(List* names, AccessList* list) {
    List* schemas = NIL;
    ListCell* cell;
    foreach (cell, names)
        schemas = lappend_oid(schemas, get_namespace_oid(strVal(lfirst(cell)), false));
    NeedOfEach(list, RelationsIn(schemas), Command::Grant);
}

}    // namespace

void NeedOfGrant(Node* node, AccessList* list) {
    GrantStmt* grant = reinterpret_cast<GrantStmt*>(node);
    if (grant->objtype != OBJECT_TABLE)
        return;
    switch (grant->targtype) {
        case ACL_TARGET_OBJECT: NeedOfNames(grant->objects, list); break;
        case ACL_TARGET_ALL_IN_SCHEMA: NeedOfSchemas(grant->objects, list); break;
        default: break;    // privileges of what will be created
    }
}

}    // namespace warrant
