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

void AddPermission(AccessList* list, const Permission& permission, List* implied_reads, bool exported) {
    bool implied = Writes(permission) && list_member_oid(implied_reads, permission.relation);
    if ((permission.required & ACL_SELECT) && !implied) {
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

void CollectAccesses(AccessList* list, List* permissions, List* implied_reads, bool exported) {
    ForEachPermission(permissions, [=](const Permission& permission) { AddPermission(list, permission, implied_reads, exported); });
}

bool MustAsk(const QueryDesc* query, int eflags) { return !IsLeadersPlan(query) && !IsIntegrityLookup(query, eflags); }

}    // namespace warrant
