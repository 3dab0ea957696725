// How many rows a refused statement is about, for whoever decides: the planner's number where there is a plan, otherwise a number that is
// known without planning. To plan would show statistics to users' operators, and run users' functions.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"

namespace warrant {

// The rows that one of the statement's accesses is about. From a plan: the rows that the planner expects it to write, or to return. From a
// query: the rows of VALUES; as many as values of a unique key are given; else the whole relation, as ANALYZE, VACUUM or CREATE INDEX counted it. -1
// when nothing is known. Either may be nullptr.
int64_t EstimateRows(const QueryDesc* query, const Query* parsed, const Access& access);

// The command tag of the client's statement, or of the innermost one that is known; nullptr when none is.
const char* CommandTagOf(const QueryDesc* query, const Query* parsed);

}    // namespace warrant
