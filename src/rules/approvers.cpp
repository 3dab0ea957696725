#include "pg/server.hpp"

#include "rules/approvers.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

bool CanLogIn(Oid role) {
    HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    bool can = HeapTupleIsValid(tuple) && Form_pg_authid(GETSTRUCT(tuple))->rolcanlogin;
    if (HeapTupleIsValid(tuple))
        ReleaseSysCache(tuple);
    return can;
}

// The role and all its members, through whatever other roles, who can log in; no more than so many are looked for.
int CountLogins(Oid role, Oid but_not, int enough) {
    List* roles = list_make1_oid(role);
    ListCell* cell;
    int count = 0;
    foreach (cell, roles) {
        CHECK_FOR_INTERRUPTS();
        if (lfirst_oid(cell) != but_not && CanLogIn(lfirst_oid(cell)) && ++count >= enough)
            break;
        CatCList* memberships = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(lfirst_oid(cell)));
        for (int i = 0; i < memberships->n_members; i++)
            roles = list_append_unique_oid(roles, Form_pg_auth_members(GETSTRUCT(&memberships->members[i]->tuple))->member);
        ReleaseSysCacheList(memberships);
    }
    return count;
}

}    // namespace

char* WhyUndecidable(const Policy* policy, Oid requester) {
    if (policy->effect != Effect::Approve || policy->monitor)    // which asks nobody
        return nullptr;
    int webhooks = policy->webhook != nullptr;
    if (RoleIsGone(policy->approver_role))
        return webhooks >= policy->min_approvals ? nullptr : psprintf("Nobody can decide: the approver role of policy \"%s\" is gone.", policy->name);
    int logins = CountLogins(policy->approver_role, requester, policy->min_approvals - webhooks);
    if (logins + webhooks >= policy->min_approvals)
        return nullptr;
    const char* role = GetUserNameFromId(policy->approver_role, true);
    if (logins + webhooks == 0)
        return psprintf("Nobody can decide: role \"%s\" has no %smember who can log in.", role, OidIsValid(requester) ? "other " : "");
    return psprintf("Nobody can decide: policy \"%s\" asks for %d approvals, and only %d can be given.", policy->name, policy->min_approvals, logins + webhooks);
}

}    // namespace warrant
