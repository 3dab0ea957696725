#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "statement/row_budgets.hpp"

namespace warrant {

namespace {

RowBudget* budgets = nullptr;

// The transaction that starting_limits and copies are of: an error leaves them behind.
LocalTransactionId noted_in = InvalidLocalTransactionId;

// A COPY under way, and what its rows are charged to.
struct Copied {
    Copied* next;
    const Frame* frame;
    RowBudget* budget;
};
Copied* copies = nullptr;

// Takes the first note of a list away, and lets its budgets go.
void DropFirst(RowLimits** limits) {
    RowLimits* dropped = *limits;
    *limits = dropped->next;
    for (int i = 0; i < dropped->count; i++)
        ReleaseBudget(dropped->items[i].budget);
    pfree(dropped);
}

void DropFirst(Copied** copied) {
    Copied* dropped = *copied;
    *copied = dropped->next;
    ReleaseBudget(dropped->budget);
    pfree(dropped);
}

void ForgetOlderTransactions() {
    if (noted_in == MyTransactionNumber())
        return;
    noted_in = MyTransactionNumber();
    while (starting_limits != nullptr)
        DropFirst(&starting_limits);
    while (copies != nullptr)
        DropFirst(&copies);
}

// The statement under way is the only one that can still come back to a budget that nobody holds.
void FreeOldBudgets(uint64_t statement) {
    for (RowBudget** link = &budgets; *link != nullptr;) {
        RowBudget* budget = *link;
        if (budget->holders > 0 || budget->statement == statement) {
            link = &budget->next;
        } else {
            *link = budget->next;
            pfree(budget);
        }
    }
}

// Partitions named one by one are charged together, with their table.
Oid FamilyOf(const CheckedAccess* checked_access) {
    const GoverningPolicies* policies = checked_access->policies;
    return policies->ancestor_count == 0 ? checked_access->access.relation : policies->ancestors[policies->ancestor_count - 1];
}

void Describe(RowBudget* budget, const CheckedAccess* checked_access) {
    budget->grant_id = checked_access->grant_id;
    budget->most = checked_access->max_rows;
    budget->relkind = checked_access->policies->relkind;
    budget->may_be_more = checked_access->policy->effect == Effect::Approve && budget->most < checked_access->policy->max_rows;
    budget->schema_name = checked_access->policies->schema_name;
    budget->relation_name = checked_access->policies->relation_name;
    strlcpy(budget->policy_name, checked_access->policy->name, sizeof budget->policy_name);
}

// One for all grants that a statement reads the table under, with the smallest of their limits: else each new grant would let it read as much again.
RowBudget* BudgetOf(uint64_t statement, const CheckedAccess* checked_access) {
    Oid family = FamilyOf(checked_access);
    for (RowBudget* budget = budgets; budget != nullptr; budget = budget->next) {
        if (budget->statement != statement || budget->family != family)
            continue;
        if (checked_access->max_rows < budget->most)
            Describe(budget, checked_access);
        return budget;
    }
    FreeOldBudgets(statement);
    RowBudget* budget = static_cast<RowBudget*>(MemoryContextAllocZero(TopMemoryContext, sizeof(RowBudget)));
    budget->statement = statement;
    budget->family = family;
    Describe(budget, checked_access);
    budget->next = budgets;
    budgets = budget;
    return budget;
}

const char* KindOf(const RowBudget* budget) {
    switch (budget->relkind) {
        case RELKIND_VIEW: return "view";
        case RELKIND_MATVIEW: return "materialized view";
        case RELKIND_FOREIGN_TABLE: return "foreign table";
        default: return "table";
    }
}

int FieldsOf(const RowBudget* budget) {
    err_generic_string(PG_DIAG_SCHEMA_NAME, NameStr(budget->schema_name));
    err_generic_string(PG_DIAG_TABLE_NAME, NameStr(budget->relation_name));
    err_generic_string(PG_DIAG_CONSTRAINT_NAME, budget->policy_name);
    return 0;
}

int DetailOf(const RowBudget* budget, const char* why) {
    return errdetail("Grant %lld, under policy \"%s\", lets a statement read or write at most %lld row%s of it.%s%s", (long long)budget->grant_id,
                     Shown(budget->policy_name), (long long)budget->most, budget->most == 1 ? "" : "s", why[0] == '\0' ? "" : " ", why);
}

// Whether the command reads or writes rows. Others, such as ALTER, are about the object.
bool IsAboutRows(Command command) {
    switch (command) {
        case Command::Select:
        case Command::Insert:
        case Command::Update:
        case Command::Delete:
        case Command::UpdateAll:
        case Command::DeleteAll:
        case Command::Truncate:
        case Command::Export: return true;
        default: return false;
    }
}

bool IsCopyFrom(const Node* utility) { return utility != nullptr && IsA(utility, CopyStmt) && reinterpret_cast<const CopyStmt*>(utility)->is_from; }

// The rows that a utility statement reads or writes itself are counted nowhere, but for those of COPY FROM.
void LimitUtility(const CheckedAccess* checked_access, RowBudget* budget) {
    Command command = checked_access->access.command;
    const Node* utility = CurrentUtility();
    if (command == Command::Insert && IsCopyFrom(utility)) {
        Copied* copied = static_cast<Copied*>(MemoryContextAlloc(TopMemoryContext, sizeof(Copied)));
        *copied = Copied{copies, current_frame, budget};
        HoldBudget(budget);
        copies = copied;
        copies_limited = true;
        return;
    }
    if (utility != nullptr && IsA(utility, CopyStmt))
        RaiseUncountable(budget, "COPY of a whole table does not count its rows.", "Use COPY (SELECT ...) TO.");
    RaiseUncountable(budget, psprintf("The rows that this command reads or writes are not counted (it needs %s).", NameOf(command)),
                     "Ask for a grant without max_rows.");
}

bool IsLimited(const CheckedAccess* checked_access) { return checked_access->max_rows > 0 && IsAboutRows(checked_access->access.command); }

void AddLimit(RowLimits* limits, const CheckedAccess* checked_access, RowBudget* budget) {
    Oid relation = checked_access->access.relation;
    for (int i = 0; i < limits->count; i++)
        if (limits->items[i].relation == relation && limits->items[i].budget == budget)
            return;
    HoldBudget(budget);
    limits->items[limits->count++] = RowLimit{relation, checked_access->policies->relkind == RELKIND_VIEW, budget};
}

}    // namespace

void LimitRows(QueryDesc* query, uint64_t statement, const CheckedAccess* checked, int count) {
    ForgetOlderTransactions();
    RowLimits* limits = nullptr;
    for (int i = 0; i < count; i++) {
        if (!IsLimited(&checked[i]))
            continue;
        RowBudget* budget = BudgetOf(statement, &checked[i]);
        if (IsParallelWorker())
            RaiseUncountable(budget, "A parallel worker does not know how many rows others have read.",
                             "Run it without: SET max_parallel_workers_per_gather = 0.");
        if (budget->rows > budget->most)
            RaiseOverBudget(budget);
        if (query == nullptr) {
            LimitUtility(&checked[i], budget);
            continue;
        }
        if (limits == nullptr) {
            Size size = offsetof(RowLimits, items) + count * sizeof(RowLimit);
            limits = static_cast<RowLimits*>(MemoryContextAllocZero(TopMemoryContext, size));
            limits->query = query;
            limits->next = starting_limits;
            starting_limits = limits;
        }
        AddLimit(limits, &checked[i], budget);
    }
}

const CheckedAccess* FindLimited(const CheckedAccess* checked, int count) {
    for (int i = 0; i < count; i++)
        if (IsLimited(&checked[i]))
            return &checked[i];
    return nullptr;
}

void ForEachRowLimit(const QueryDesc* query, void (*visit)(const RowLimit*, void*), void* context) {
    ForgetOlderTransactions();
    // An error may have left a note of another query at this address behind the newest one.
    bool newest = true;
    for (RowLimits** link = &starting_limits; *link != nullptr;) {
        if ((*link)->query != query) {
            link = &(*link)->next;
            continue;
        }
        for (int i = 0; newest && i < (*link)->count; i++)
            visit(&(*link)->items[i], context);
        newest = false;
        DropFirst(link);
    }
}

void ChargeCopied(const Frame* frame, uint64_t rows) {
    ForgetOlderTransactions();
    for (Copied** link = &copies; *link != nullptr;)
        if ((*link)->frame != frame) {
            link = &(*link)->next;
        } else {
            ChargeRows((*link)->budget, int64_t(rows));
            DropFirst(link);
        }
    copies_limited = copies != nullptr;
}

void RaiseOverBudget(const RowBudget* budget) {
    ereport(ERROR, (errcode(error_refused),
                    errmsg("the statement reads or writes more than %lld row%s of %s \"%s\"", (long long)budget->most, budget->most == 1 ? "" : "s",
                           KindOf(budget), NameStr(budget->relation_name)),
                    DetailOf(budget, ""),
                    errhint("Let its conditions find fewer rows%s.",
                            budget->may_be_more ? ", or ask for more: SELECT warrant.request(..., max_rows => ...)" : ""),
                    FieldsOf(budget)));
}

void RaiseUncountable(const RowBudget* budget, const char* why, const char* instead) {
    ereport(ERROR, (errcode(error_refused), errmsg("the rows of %s \"%s\" cannot be counted here", KindOf(budget), NameStr(budget->relation_name)),
                    DetailOf(budget, why), errhint("%s", instead), FieldsOf(budget)));
}

void RaiseUncountable(const CheckedAccess* limited, const char* why, const char* instead) {
    RowBudget budget = {};
    Describe(&budget, limited);
    RaiseUncountable(&budget, why, instead);
}

}    // namespace warrant
