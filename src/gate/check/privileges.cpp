#include "pg/server.hpp"

#include "rules/subject.hpp"
#include "gate/access/planning.hpp"
#include "gate/check/privileges.hpp"

namespace warrant {

void RequireServerPrivileges(const PlannedStmt* plan, Query* parsed) {
    // A dropped role lacks every privilege, and its attempts are to be in the log.
    if (RoleIsGone(CurrentSubject()))
        return;
    // The hooks of the check, ours and others', expect a statement that has started.
    ExecutorCheckPerms_hook_type hooks = ExecutorCheckPerms_hook;
    ExecutorCheckPerms_hook = nullptr;
    PG_TRY();
    {
        if (plan != nullptr)
            RequirePrivilegesOf(plan);
        if (parsed != nullptr)
            RequirePrivilegesBeforePlanning(parsed);
    }
    PG_FINALLY();
    { ExecutorCheckPerms_hook = hooks; }
    PG_END_TRY();
}

}    // namespace warrant
