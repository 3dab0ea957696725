// Counts the rows that a running plan reads and writes, where a grant limits them. Each scan of a limited relation is counted before anything is
// computed of its row, so that nobody sees one more than was granted: neither the client nor a function.
//
// The rows counted are those that the scan lets through, whatever becomes of them later: an aggregate has read what it counts. A scan that shows
// other rows to somebody, by a function in its condition, is refused. A row that is found and changed counts once.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether some query of this process is counted.
inline bool rows_counted = false;

// Counts the rows of a query that has just started, or is to run for the first time, by the limits that were noted for it (row_budgets.hpp). Raises
// 42501 when they cannot be counted.
void CountRowsOf(QueryDesc* query);

bool IsCounted(const QueryDesc* query);

// A query that fails may quote a row in its error, which counts as one. The budget that has not even that: its error has to take the other one's
// place. Or nullptr. In a catch block.
struct RowBudget;
const RowBudget* ChargeFailure(const QueryDesc* query);

}    // namespace warrant
