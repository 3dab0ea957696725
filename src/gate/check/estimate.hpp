// How many rows a refused statement is about, for whoever decides: the planner's number where there is a plan, otherwise a number that is
// known without planning, which would show statistics to users' operators and run their functions.
#pragma once

#include "pg/server.hpp"

#include "statement/statement.hpp"

namespace warrant {

// Of one of its accesses. From a plan: the rows that the planner expects it to write, or to return. From a query: the rows of VALUES; 1 when
// a unique key is given; else the whole relation, as ANALYZE or VACUUM counted it. -1 when nothing is known. Either may be nullptr.
int64_t EstimateRows(const QueryDesc* query, const Query* parsed, const Access& access);

// As the server names the client's statement, or the innermost one that is known; nullptr when it is not.
const char* CommandTagOf(const QueryDesc* query, const Query* parsed);

}    // namespace warrant
