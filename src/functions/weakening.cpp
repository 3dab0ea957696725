// Definitions that weaken the gate, where they need another person's approval.
#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "statement/statement.hpp"

namespace warrant {

namespace {

// Spends a use of the grant, unless the statement has spent one; false when another session took the last one.
bool Spend(const LiveGrant& grant) {
    CheckedAccess checked_access = {};
    checked_access.grant_id = grant.id;
    checked_access.owes_use = grant.cost == UseCost::OneUse;
    return RecordChecked(nullptr, &checked_access, 1);
}

// The live ADMIN grant of the user; none where nothing is protected from the user. Raises 42501 for a user who needs it and has none.
LiveGrant ApprovalOf(Oid user) {
    GoverningPolicies* policies = ReadDatabaseGoverningPolicies(user);
    const Policy* policy = GoverningPolicy(policies, user, Command::Admin);
    if (policy == nullptr && OidIsValid(user))
        return LiveGrant{};
    bool grants = policy != nullptr && policy->effect == Effect::Approve;
    LiveGrant grant = grants ? FindGrant(user, policy, policies, Command::Admin, MonotonicNow()) : LiveGrant{};
    const char* whose = user == CurrentSubject() ? "yours"
                        : OidIsValid(user)       ? psprintf("of \"%s\", who acts here", GetUserNameFromId(user, true))
                                                 : "known";
    if (grant.id == 0 || !Spend(grant))
        ereport(ERROR, (errcode(error_refused), errmsg("definitions that weaken the gate need approval"),
                        errdetail("\"pg_warrant.definition_approval\" is on, and no grant of ADMIN on this database is %s.", whose),
                        errhint("SELECT warrant.request('{ADMIN}', on_database => true) asks another person for one.")));
    return grant;
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// approval_to_weaken() -> bigint, the subject's ADMIN grant: spends a use of it, and of those of all who act. 0 where none is needed.
WARRANT_FUNCTION(warrant_approval_to_weaken) {
    Oid subject = CurrentSubject();
    if (!settings.definition_approval || FindInstallation() == nullptr)
        PG_RETURN_INT64(0);
    LiveGrant grant = ApprovalOf(subject);
    Actors actors;
    FindActors(&actors, subject);
    for (int i = 0; i < actors.count && (actors.by_server || grant.id == 0); i++)
        (void)ApprovalOf(actors.users[i].user);
    PG_RETURN_INT64(grant.id);
}
