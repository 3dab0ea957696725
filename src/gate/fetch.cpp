#include "pg/server.hpp"

#include "rules/decision.hpp"
#include "rules/policies.hpp"
#include "gate/access/access.hpp"
#include "gate/fetch.hpp"
#include "gate/queries.hpp"

namespace warrant {

void CheckBeforeRun(const QueryDesc* query) {
    if (MustAsk(query, query->estate->es_top_eflags))
        CheckBeforeFetch(query->plannedstmt, query);
}

void CheckPortal(Frame* fetch, const char* name) {
    Portal portal = GetPortalByName(name);
    fetch->resumed = portal;
    ListCell* cell;
    foreach (cell, PortalIsValid(portal) ? portal->stmts : NIL) {
        const PlannedStmt* plan = lfirst_node(PlannedStmt, cell);
        if (plan->commandType != CMD_UTILITY)
            CheckBeforeFetch(plan);
    }
}

}    // namespace warrant
