#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/permissions.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "statement/uses.hpp"
#include "gate/access/access.hpp"
#include "gate/access/plan_notes.hpp"
#include "gate/access/planning.hpp"
#include "gate/check/check.hpp"
#include "gate/check/concealed_errors.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/queries.hpp"

namespace warrant {

namespace {

// Whether the relation is read by a decision that is kept and asks for no record.
bool IsReadSilently(GoverningPolicies* policies, const Permission& permission) {
    if (policies->own || policies->column_count > 0 || permission.required != ACL_SELECT || (policies->decided & MaskOf(Command::Select)) == 0)
        return false;
    // The policy is looked at first: as long as it wants a record, nothing else has to be asked.
    const Policy* policy = policies->decisions[int(Command::Select)]->policy;
    return policy != nullptr && !policy->audited && ActingNow() == 0 && CachedDecision(policies, CurrentSubject(), Command::Select) != nullptr;
}

// Whether what the query reads may leave: by COPY, or into another relation.
bool MayExport(const QueryDesc* query) {
    CommandDest dest = query->dest->mydest;
    return query->operation != CMD_SELECT || query->plannedstmt->hasModifyingCTE || dest == DestCopyOut || dest == DestIntoRel ||
           dest == DestTransientRel || (dest == DestNone && ExportsResult(CurrentUtility()));
}

// The fast path: whether nothing that the statement touches is governed or ours. Spares most statements 90 instructions.
bool AllFree(const PlannedStmt* plan) {
    return AllPermissions(PermissionsOf(plan), [](const Permission& permission) {
        Oid relation = permission.relation;
        return relation < FirstNormalObjectId ? !HoldsSamples(relation) : FindGoverningPolicies(relation)->free;
    });
}

// The second fast path: whether what is governed is only read, as this session did before. Such a statement takes 300 instructions more than one
// under no policy; one that is checked and recorded, 3,000.
bool AllReadSilently(const PlannedStmt* plan) {
    return AllPermissions(PermissionsOf(plan), [](const Permission& permission) {
        if (permission.relation < FirstNormalObjectId)
            return !HoldsSamples(permission.relation);
        GoverningPolicies* policies = FindGoverningPolicies(permission.relation);
        return policies->free || IsReadSilently(policies, permission);
    });
}

}    // namespace

void CheckBeforePlanning(Query* query, const PlanNotes& notes, const Node* utility) {
    if (GateIsOff() || !GateIsPresent() || IsPlannedIntegrityLookup(query))
        return;
    AccessList list;
    bool exported = ExportsResult(utility) || WritesUnprotected(query);
    PlanNotes noted = notes;
    noted.reads.of_key = SwitchedForKey(current_frame->acting);
    CollectBeforePlanning(&list, query, noted, exported);
    RefuseUnapproved(&list, query, noted.reads.of_key ? 1 : 0);
}

void CheckBeforeFetch(const PlannedStmt* plan, const QueryDesc* running) {
    if (GateIsOff() || !GateIsPresent() || AllFree(plan) || AllReadSilently(plan))
        return;
    AccessList list;
    CollectAccesses(&list, PermissionsOf(plan), NotedWith(plan), false);
    // Without the plan: the server has asked for its privileges when it started, maybe as another user.
    RefuseUnapproved(&list, nullptr, 0, running);
}

static pg_noinline int CheckGoverned(QueryDesc* query, int eflags) {
    PlannedStmt* plan = query->plannedstmt;
    bool may_export = MayExport(query);
    if ((!may_export && AllReadSilently(plan)) || !MustAsk(query, eflags))
        return 0;
    List* permissions = PermissionsOf(plan);
    PlanNotes notes = NotedWith(plan);
    CheckOwnTables(permissions);
    notes.reads.of_key = IsKeyAction(query, eflags);
    CheckPermissions(query, permissions, notes, may_export && Exports(query, permissions), notes.reads.of_key ? 1 : 0);
    bool only_reads = plan->commandType == CMD_SELECT && !plan->hasModifyingCTE && notes.reads.implied == NIL;
    return only_reads ? 0 : FlagConcealed(permissions, notes.reads.implied);
}

void CheckDeferred(QueryDesc* query) {
    if (!GateIsPresent())
        return;
    List* permissions = PermissionsOf(query->plannedstmt);
    CheckOwnTables(permissions);
    CheckPermissions(query, permissions, NotedWith(query->plannedstmt), MayExport(query) && Exports(query, permissions));
    EndDeferral(query);
}

int CheckQuery(QueryDesc* query, int eflags) {
    if (GateIsPresentInTransaction())
        return AllFree(query->plannedstmt) ? 0 : CheckGoverned(query, eflags);
    if (extension_created_here)
        CheckNewOwnTables(PermissionsOf(query->plannedstmt));
    return 0;
}

}    // namespace warrant
