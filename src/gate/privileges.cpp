#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "rules/subject.hpp"
#include "gate/planning.hpp"
#include "gate/privileges.hpp"

namespace warrant {

namespace {

bool asking = false;

}    // namespace

bool IsAskingServer() { return asking; }

void RequireServerPrivileges(const PlannedStmt* plan, Query* parsed) {
    if (Mutant("server_privileges") || RoleIsGone(CurrentSubject()))    // what was dropped lacks all, and its attempts are to be in the log
        return;
    asking = true;
    PG_TRY();
    {
        if (plan != nullptr)
            RequirePrivilegesOf(plan);
        if (parsed != nullptr)
            RequirePrivilegesBeforePlanning(parsed);
    }
    PG_FINALLY();
    {
        asking = false;
    }
    PG_END_TRY();
}

}    // namespace warrant
