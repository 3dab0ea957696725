#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/policies.hpp"
#include "rules/governance.hpp"
#include "rules/decision.hpp"
#include "record/entry.hpp"
#include "pg/frame.hpp"
#include "gate/statement.hpp"
#include "gate/gate.hpp"

namespace warrant {

namespace {

constexpr AclMode write_modes = ACL_INSERT | ACL_UPDATE | ACL_DELETE;

bool Updates(const Permission& permission) { return !bms_is_empty(permission.updated); }

// UPDATE and DELETE include reading their own target in WHERE and SET; what they hand back in RETURNING, or show to functions that are not the
// server's own, is a SELECT.
bool ReadIsImplied(const Permission& permission, bool returning) {
    bool writes = (permission.required & (ACL_INSERT | ACL_DELETE)) != 0 || Updates(permission);
    return writes && !returning;
}

void AddPermission(AccessList* list, const Permission& permission, bool returning, bool exported) {
    if ((permission.required & ACL_SELECT) && !ReadIsImplied(permission, returning)) {
        AddAccess(list, permission.relation, Command::Select);
        if (exported)
            AddAccess(list, permission.relation, Command::Export);
    }
    if (permission.required & ACL_INSERT)
        AddAccess(list, permission.relation, Command::Insert);
    if (permission.required & ACL_UPDATE)
        AddAccess(list, permission.relation, Updates(permission) ? Command::Update : Command::Lock);
    if (permission.required & ACL_DELETE)
        AddAccess(list, permission.relation, Command::Delete);
    if (permission.required & ~(ACL_SELECT | write_modes))    // a privilege that planned statements do not know today
        AddAccess(list, permission.relation, Command::Admin);
}

// The server's own lookup for a foreign key. A trigger fired from a cascade inherits the context flag, but not the other two marks.
bool IsIntegrityLookup(const QueryDesc* query, int eflags) {
    return InNoForceRLSOperation() && (eflags & EXEC_FLAG_SKIP_TRIGGERS) && query->dest->mydest == DestSPI &&
           query->operation == CMD_SELECT && !query->plannedstmt->hasModifyingCTE;
}

bool IsLeadersPlan(const QueryDesc* query) {
    return IsParallelWorker() && query->dest->mydest == DestTupleQueue;
}

}    // namespace

void AddAccess(AccessList* list, Oid relation, Command command) {
    if (list->items == nullptr) {
        list->items = list->first;
        list->room = lengthof(list->first);
    }
    for (int i = 0; i < list->count; i++)
        if (list->items[i].relation == relation && list->items[i].command == command)
            return;
    if (list->count == list->room) {
        Access* more = static_cast<Access*>(palloc(2 * list->room * sizeof(Access)));
        memcpy(more, list->items, list->count * sizeof(Access));
        list->items = more;
        list->room *= 2;
    }
    list->items[list->count++] = Access{relation, command};
}

void CollectAccesses(AccessList* list, List* permissions, bool returning, bool exported) {
    ForEachPermission(permissions, [=](const Permission& permission) { AddPermission(list, permission, returning, exported); });
}

bool MustAsk(const QueryDesc* query, int eflags) { return !IsLeadersPlan(query) && !IsIntegrityLookup(query, eflags); }

}    // namespace warrant
