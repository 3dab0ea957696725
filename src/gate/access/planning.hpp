// A statement that is about to be planned. The planner runs others' code: it folds immutable functions, and shows the values that the
// statistics keep of a column to the operators that compare with it.
#pragma once

#include "pg/server.hpp"

#include "gate/access/access.hpp"

namespace warrant {

// The accesses of an analysed query, its subqueries, CTEs and the SQL functions that the planner may put in their place. They are those that
// CollectAccesses would name from its plan, without relations that nothing governs. Runs nobody's code.
void CollectBeforePlanning(AccessList* list, Query* query, const PlanNotes& notes, bool exported);

// Whether the analysed query writes to what anybody reads without approval.
bool WritesUnprotected(Query* query);

// What an analysed query needs when the client sends it by itself.
void CollectFromQuery(AccessList* list, Query* query);

// The server's own check of the privileges that the plan will need, on all levels of the query; raises the server's error.
void RequirePrivilegesBeforePlanning(Query* query);

// Whether it is the server's own lookup for a foreign key, told by its shape: a trigger fired from a cascade inherits the context flag.
bool IsPlannedIntegrityLookup(Query* query);

// The function's language; 0 for a function that is gone.
Oid LanguageOf(Oid function);

// Whether the planner may show statistics of columns to users' operators, whose estimators call them. The conditions of functions that become part of
// the plan count as well.
bool ShowsStatistics(Query* query);

}    // namespace warrant
