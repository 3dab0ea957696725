// Definitions that weaken the gate, where they need another person's approval.
#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/governance.hpp"
#include "rules/decision.hpp"
#include "rules/grants.hpp"
#include "rules/subject.hpp"
#include "record/entry.hpp"
#include "gate/statement.hpp"

namespace warrant {

namespace {

// Spends a use of it, unless the statement has; false when another session took the last one.
bool Spend(const LiveGrant& grant) {
    Verdict verdict = {};
    verdict.grant_id = grant.id;
    verdict.owes = grant.price == Price::OneUse;
    return RecordVerdicts(nullptr, &verdict, 1);
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// approval_to_weaken() -> bigint: see the script.
WARRANT_FUNCTION(warrant_approval_to_weaken) {
    Oid subject = CurrentSubject();
    if (!settings.definition_approval || FindInstallation() == nullptr)
        PG_RETURN_INT64(0);
    Governance* governance = ReadDatabaseGovernance(subject);
    const Policy* policy = GoverningPolicy(governance, subject, Command::Admin);
    if (policy == nullptr)    // nothing is protected from him
        PG_RETURN_INT64(0);
    LiveGrant grant = policy->effect != Effect::Approve ? LiveGrant{} : FindGrant(subject, policy, governance, Command::Admin, MonotonicNow());
    if (grant.id == 0 || !Spend(grant))
        ereport(ERROR, (errcode(error_refused), errmsg("definitions that weaken the gate need approval"),
                        errdetail("\"pg_warrant.definition_approval\" is on, and no grant of ADMIN on this database is yours."),
                        errhint("SELECT warrant.request('{ADMIN}', on_database => true) asks another person for one.")));
    PG_RETURN_INT64(grant.id);
}
