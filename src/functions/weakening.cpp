// Definitions that weaken the gate, where they need another person's approval.
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "statement/statement.hpp"

namespace warrant {

namespace {

// Spends a use of the grant, unless the statement has spent one; false when another session took the last one.
bool Spend(const Decision& decision) {
    CheckedAccess checked_access = {};
    checked_access.grant_id = decision.grant_id;
    checked_access.owes_use = decision.cost == UseCost::OneUse;
    return RecordChecked(nullptr, &checked_access, 1);
}

// The live ADMIN grant of the user, which exempt users need as well; 0 where nothing is protected from the user. Raises 42501 for who needs it and
// has none.
int64_t ApprovalOf(Oid user) {
    Decision decision = DecideFor(ReadDatabaseGoverningPolicies(user), user, Command::Admin, nullptr, false);
    if (decision.answer == Answer::Unprotected && OidIsValid(user))
        return 0;
    const char* whose = user == CurrentSubject() ? "yours"
                        : OidIsValid(user)       ? psprintf("of \"%s\", who acts here", GetUserNameFromId(user, true))
                                                 : "known";
    if (decision.grant_id == 0 || !Spend(decision))
        ereport(ERROR, (errcode(error_refused), errmsg("definitions that weaken the gate need approval"),
                        errdetail("\"pg_warrant.definition_approval\" is on, and no grant of ADMIN on this database is %s.", whose),
                        errhint("SELECT warrant.request('{ADMIN}', on_database => true) asks another person for one.")));
    return decision.grant_id;
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// approval_to_weaken() -> bigint, the subject's ADMIN grant: spends a use of it, and of those of all who act. 0 where none is needed.
WARRANT_FUNCTION(warrant_approval_to_weaken) {
    Oid subject = CurrentSubject();
    if (!settings.definition_approval || FindInstallation() == nullptr)
        PG_RETURN_INT64(0);
    int64_t grant = ApprovalOf(subject);
    Actors actors;
    FindActors(&actors, subject);
    for (int i = 0; i < actors.count && (actors.by_server || grant == 0); i++)
        (void)ApprovalOf(actors.users[i].user);
    PG_RETURN_INT64(grant);
}
