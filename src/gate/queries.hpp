// Planned statements: decided before their first effect.
#pragma once

#include "pg/server.hpp"

#include "gate/access/plan_notes.hpp"

namespace warrant {

// The whole check of a planned statement. Raises 42501 when it is refused, 55000 when the gate cannot tell. Returns a flag for its errors,
// or 0 (concealed_errors.hpp).
int CheckQuery(QueryDesc* query, int eflags);

// At the first run of a query whose start has recorded nothing (uses.hpp): decides again and records.
void CheckDeferred(QueryDesc* query);

// Checks a statement before it is planned: refuses what would be refused when it starts, with the same request. Records nothing else.
// utility: the statement whose query it is, or nullptr.
void CheckBeforePlanning(Query* query, const PlanNotes& notes, const Node* utility);

// Checks before more rows are fetched from a plan that has started in an earlier statement, or may have. Records nothing else. running: the plan's
// query, when it goes on by itself and not by a FETCH.
void CheckBeforeFetch(const PlannedStmt* plan, const QueryDesc* running = nullptr);

}    // namespace warrant
