// What DDL evaluates over the rows that are there: who may ALTER a table could have its rows shown to any expression.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether the subcommand evaluates somebody's expression over the relation's rows.
bool EvaluatesOverRows(Oid relation, const AlterTableCmd* command);

// Whether a new index evaluates somebody's expression over the relation's rows.
bool EvaluatesOverRows(const IndexStmt* index);

// Whether a new partition's rows are shown to expressions. They stand in the keys of the table and of those that it is a part of, and in its
// indexes, of which the partition gets its own.
bool EvaluatesInPartitions(Oid relation);

}    // namespace warrant
