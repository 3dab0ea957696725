// Rows of grants with max_rows: how many a top-level statement may read and write under such a grant. What its functions, triggers and cursors read
// and write is charged to the same budget. Partitions have one with their table.
#pragma once

#include "pg/server.hpp"

#include "statement/statement_record.hpp"

namespace warrant {

struct RowBudget {
    RowBudget* next;
    uint64_t statement;    // its statement record's id
    Oid family;            // the table at the top of the partitions
    int64_t grant_id;      // of those that the statement uses, the one that lets it read least
    int64_t most;
    int64_t rows;
    int holders;    // queries that charge it: those of cursors outlive the statement
    char relkind;
    bool may_be_more;    // an approval can allow more rows
    NameData schema_name;
    NameData relation_name;
    char policy_name[most_policy_name_bytes + 1];
};

// Rows of the relation are charged to the budget. Where it is a view, all rows that the query reads are.
struct RowLimit {
    Oid relation;
    bool is_view;
    RowBudget* budget;
};

// What is noted for a query that starts, until its rows are counted. It holds its budgets.
struct RowLimits {
    RowLimits* next;
    const QueryDesc* query;
    int count;
    RowLimit items[FLEXIBLE_ARRAY_MEMBER];
};
inline RowLimits* starting_limits;

// Notes the limits that the checked accesses of a statement have. Raises 42501 for a utility statement whose rows cannot be counted, in a parallel
// worker, which does not know what others have read, and where the budget is spent already.
void LimitRows(QueryDesc* query, uint64_t statement, const CheckedAccess* checked, int count);

// Calls visit for each limit that was noted for the query, and forgets them: who charges a budget later holds it.
void ForEachRowLimit(const QueryDesc* query, void (*visit)(const RowLimit*, void*), void* context);

inline void HoldBudget(RowBudget* budget) { budget->holders++; }
inline void ReleaseBudget(RowBudget* budget) { budget->holders--; }

// Charges rows. Raises 42501 when they are more than the budget has.
[[noreturn]] void RaiseOverBudget(const RowBudget* budget);
inline void ChargeRows(RowBudget* budget, int64_t rows) {
    budget->rows += rows;
    if (unlikely(budget->rows > budget->most))
        RaiseOverBudget(budget);
}

// Charges what COPY has written into the table whose limits were noted in this frame.
inline bool copies_limited = false;
void ChargeCopied(const Frame* frame, uint64_t rows);

// Raises 42501: the rows of the budget cannot be counted, why and what to do instead in whole sentences.
[[noreturn]] void RaiseUncountable(const RowBudget* budget, const char* why, const char* instead);
[[noreturn]] void RaiseUncountable(const CheckedAccess* limited, const char* why, const char* instead);

// The first of the checked accesses that a grant limits the rows of; nullptr when there is none.
const CheckedAccess* FindLimited(const CheckedAccess* checked, int count);

}    // namespace warrant
