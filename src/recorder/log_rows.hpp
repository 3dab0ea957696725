// Rows of the audit log, written past the executor: that took twice as long, most of it to begin and end a statement for one row.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Inserts a row, given by the values of our columns and which of them are NULL ('n'), into the partition of its time. False when it was not: where
// something stands on the table that a statement must look at, or no partition takes the row. The table is open and locked.
bool InsertLogRow(Relation log, const Datum* values, const char* nulls);

}    // namespace warrant
