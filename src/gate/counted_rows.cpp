#include "pg/server.hpp"

#include "pg/client_messages.hpp"
#include "pg/errors.hpp"
#include "statement/row_budgets.hpp"
#include "gate/counted_rows.hpp"
#include "gate/shown_rows.hpp"

namespace warrant {

namespace {

// A node of a running plan whose rows are counted.
struct CountedNode {
    ExecProcNodeMtd next;          // what gives its next row
    ProjectionInfo* projection;    // what is computed of a row, once that is counted; nullptr when the node does it
    List* read;                    // budgets of the rows that it lets through
    List* inserted;                // budgets of the rows that it gives to an INSERT or MERGE
    AttrNumber found_by;           // where MERGE says which row it has found, and inserts none
};

struct CountedQuery {
    CountedQuery* next;
    const EState* estate;
    QueryDesc* query;
    List* limits;          // of RowLimit
    CountedNode* nodes;    // by their number in the plan
    MemoryContextCallback ended;
};

CountedQuery* counted_queries = nullptr;

CountedQuery* FindCounted(const EState* estate) {
    CountedQuery* counted = counted_queries;
    while (counted != nullptr && counted->estate != estate)
        counted = counted->next;
    return counted;
}

// --- while it runs ---

constexpr char advice[] = "Compare its columns by built-in functions and operators alone, or ask for a grant without max_rows.";

void Charge(const List* budgets) {
    ListCell* cell;
    foreach (cell, budgets)
        ChargeRows(static_cast<RowBudget*>(lfirst(cell)), 1);
}

bool HasFound(const CountedNode* node, TupleTableSlot* row) {
    if (node->found_by == InvalidAttrNumber)
        return false;
    bool is_null;
    (void)slot_getattr(row, node->found_by, &is_null);
    return !is_null;
}

// A message of a built-in function in a condition tells values of rows that it need not let through: one of them counts, and none is told.
void RaiseToldRow(void* node) {
    const List* budgets = static_cast<const CountedNode*>(node)->read;
    Charge(budgets);
    RaiseUncountable(static_cast<const RowBudget*>(linitial(budgets)), "A function in its conditions reports values of rows by a notice or warning.",
                     advice);
}

TupleTableSlot* NextOf(CountedNode* node, PlanState* state) {
    if (node->read == NIL)
        return node->next(state);
    TupleTableSlot* row = nullptr;
    WithoutMessages(RaiseToldRow, node, [&row, node, state] { row = node->next(state); });
    return row;
}

TupleTableSlot* NextCounted(PlanState* state) {
    CountedNode* node = &FindCounted(state->state)->nodes[state->plan->plan_node_id];
    TupleTableSlot* row = NextOf(node, state);
    if (TupIsNull(row))
        return row;
    Charge(node->read);
    if (node->projection != nullptr)
        row = ExecProject(node->projection);
    if (node->inserted != NIL && !HasFound(node, row))
        Charge(node->inserted);
    return row;
}

// --- what is counted ---

CountedNode* NodeOf(CountedQuery* counted, PlanState* state) {
    CountedNode* node = &counted->nodes[state->plan->plan_node_id];
    if (node->next == nullptr) {
        node->next = state->ExecProcNodeReal;
        ExecSetExecProcNode(state, NextCounted);
    }
    return node;
}

// A scan computes its output itself, which may call a function of anybody's. So it computes nothing, and its output is computed behind the count.
void ComputeLater(CountedNode* node, PlanState* state) {
    if (node->projection != nullptr || state->ps_ProjInfo == nullptr || IsA(state, CustomScanState))
        return;
    TupleTableSlot* nothing = ExecInitExtraTupleSlot(state->state, CreateTemplateTupleDesc(0), &TTSOpsVirtual);
    node->projection = state->ps_ProjInfo;
    state->ps_ProjInfo = ExecBuildProjectionInfo(NIL, state->ps_ExprContext, nothing, state, nullptr);
}

const RowLimit* LimitIn(const ListCell* cell) { return static_cast<const RowLimit*>(lfirst(cell)); }

List* BudgetsOf(const CountedQuery* counted, Oid relation) {
    List* budgets = NIL;
    ListCell* cell;
    foreach (cell, counted->limits)
        if (LimitIn(cell)->relation == relation)
            budgets = list_append_unique_ptr(budgets, LimitIn(cell)->budget);
    return budgets;
}

// A view has no scan of its own in the plan.
List* BudgetsOfViews(const CountedQuery* counted) {
    List* budgets = NIL;
    ListCell* cell;
    foreach (cell, counted->limits)
        if (LimitIn(cell)->is_view)
            budgets = list_append_unique_ptr(budgets, LimitIn(cell)->budget);
    return budgets;
}

// The table of the plan that this one is a partition or child of; 0 for none. A branch of UNION ALL is a child of no relation.
Index ParentOf(const PlannedStmt* plan, Index entry) {
    ListCell* cell;
    foreach (cell, plan->appendRelations) {
        const AppendRelInfo* append = lfirst_node(AppendRelInfo, cell);
        if (append->child_relid == entry)
            return rt_fetch(append->parent_relid, plan->rtable)->rtekind == RTE_RELATION ? append->parent_relid : 0;
    }
    return 0;
}

// What the rows of an entry of the range table are charged to: the limits of its relation, and of those that it is a part of.
List* BudgetsOfEntry(const CountedQuery* counted, Index entry) {
    const PlannedStmt* plan = counted->query->plannedstmt;
    List* budgets = NIL;
    for (; entry != 0 && rt_fetch(entry, plan->rtable)->rtekind == RTE_RELATION; entry = ParentOf(plan, entry))
        budgets = list_concat_unique_ptr(budgets, BudgetsOf(counted, rt_fetch(entry, plan->rtable)->relid));
    return budgets;
}

// --- what cannot be counted ---

void RequireCountable(const List* budgets, const Plan* plan) {
    const RowBudget* budget = static_cast<const RowBudget*>(linitial(budgets));
    bool computed_elsewhere = IsA(plan, ForeignScan) && reinterpret_cast<const ForeignScan*>(plan)->operation != CMD_SELECT;
    if (computed_elsewhere)
        RaiseUncountable(budget, "A foreign server changes the rows by itself.", "Ask for a grant without max_rows.");
    if (ShowsMore(plan))
        RaiseUncountable(budget, "A function or subquery in its conditions sees rows that they do not let through.", advice);
}

// --- the walk over the plan ---

// The relation that the node scans, as an entry of the range table; 0 for a node that scans none.
Index ScannedBy(const Plan* plan) {
    switch (nodeTag(plan)) {
        case T_SeqScan:
        case T_SampleScan:
        case T_IndexScan:
        case T_IndexOnlyScan:
        case T_BitmapHeapScan:
        case T_TidScan:
        case T_TidRangeScan:
        case T_ForeignScan:
        case T_CustomScan: return reinterpret_cast<const Scan*>(plan)->scanrelid;
        default: return 0;
    }
}

// Whether the rows of a view may begin here. Those of VALUES and of constants may be the view's as well.
bool IsLeaf(const Plan* plan) {
    switch (nodeTag(plan)) {
        case T_BitmapHeapScan:
        case T_ProjectSet: return true;
        case T_Append:
        case T_MergeAppend:
        case T_ModifyTable:
        case T_SubqueryScan:
        case T_CteScan:
        case T_WorkTableScan:
        case T_BitmapIndexScan:
        case T_BitmapAnd:
        case T_BitmapOr: return false;
        default: return outerPlan(plan) == nullptr;
    }
}

// A foreign server, or an extension, that joins or aggregates tells only of what comes out.
void RequireNoPushedJoin(const CountedQuery* counted, const Plan* plan) {
    if ((!IsA(plan, ForeignScan) && !IsA(plan, CustomScan)) || reinterpret_cast<const Scan*>(plan)->scanrelid != 0)
        return;
    const Bitmapset* entries =
        IsA(plan, ForeignScan) ? reinterpret_cast<const ForeignScan*>(plan)->fs_relids : reinterpret_cast<const CustomScan*>(plan)->custom_relids;
    List* budgets = BudgetsOfViews(counted);
    for (int entry = -1; (entry = bms_next_member(entries, entry)) >= 0;)
        if (entry <= list_length(counted->query->plannedstmt->rtable))
            budgets = list_concat_unique_ptr(budgets, BudgetsOfEntry(counted, entry));
    if (budgets != NIL)
        RaiseUncountable(static_cast<const RowBudget*>(linitial(budgets)), "They are joined or aggregated elsewhere.",
                         "Ask for a grant without max_rows.");
}

List* BudgetsOfScan(const CountedQuery* counted, const Plan* plan) {
    Index scanned = ScannedBy(plan);
    List* budgets = scanned == 0 ? NIL : BudgetsOfEntry(counted, scanned);
    return IsLeaf(plan) ? list_concat_unique_ptr(budgets, BudgetsOfViews(counted)) : budgets;
}

void CountScan(CountedQuery* counted, PlanState* state) {
    const Plan* plan = state->plan;
    RequireNoPushedJoin(counted, plan);
    List* budgets = BudgetsOfScan(counted, plan);
    if (budgets == NIL)
        return;
    RequireCountable(budgets, plan);
    CountedNode* node = NodeOf(counted, state);
    node->read = budgets;
    node->inserted = list_difference_ptr(node->inserted, budgets);    // each row counts once
    if (ScannedBy(plan) != 0)
        ComputeLater(node, state);
}

// Rows that are changed or deleted were counted when they were found.
void CountInserted(CountedQuery* counted, ModifyTableState* state) {
    const ModifyTable* plan = reinterpret_cast<const ModifyTable*>(state->ps.plan);
    if (plan->operation == CMD_UPDATE || plan->operation == CMD_DELETE)
        return;
    List* budgets = list_concat_unique_ptr(BudgetsOfEntry(counted, plan->nominalRelation), BudgetsOfViews(counted));
    if (budgets == NIL)
        return;
    CountedNode* node = NodeOf(counted, outerPlanState(state));
    node->inserted = budgets;
    node->found_by = plan->operation == CMD_INSERT ? InvalidAttrNumber : state->resultRelInfo->ri_RowIdAttNo;
}

// --- what is read once more for a row that another session has changed meanwhile ---

// A CTE is read again from its beginning.
bool RequireUnlimited(PlanState* state, void* context) {
    const CountedQuery* counted = static_cast<CountedQuery*>(context);
    List* budgets = BudgetsOfScan(counted, state->plan);
    const RowBudget* budget = IsA(state, CteScanState) ? LimitIn(list_head(counted->limits))->budget
                              : budgets != NIL         ? static_cast<const RowBudget*>(linitial(budgets))
                                                       : nullptr;
    if (budget != nullptr)
        RaiseUncountable(budget, "A subquery may read them again for a row that another session has just changed.",
                         "Read them in a statement of its own, without locking or changing rows in it.");
    return WalkPlanState(state, RequireUnlimited, context);
}

bool RequireReadOnce(PlanState* state, void* context) {
    ListCell* cell;
    foreach (cell, state->initPlan)
        (void)RequireUnlimited(lfirst_node(SubPlanState, cell)->planstate, context);
    foreach (cell, state->subPlan)
        (void)RequireUnlimited(lfirst_node(SubPlanState, cell)->planstate, context);
    return WalkPlanState(state, RequireReadOnce, context);
}

// The server reads again under the node by a plan of its own, which nobody can count: the row that was found, and all that its subqueries read.
bool ReadsAgain(const PlanState* state) {
    if (IsA(state, LockRowsState))
        return true;
    CmdType operation = IsA(state, ModifyTableState) ? reinterpret_cast<const ModifyTable*>(state->plan)->operation : CMD_INSERT;
    return operation != CMD_INSERT;
}

bool CountNode(PlanState* state, void* context) {
    CountedQuery* counted = static_cast<CountedQuery*>(context);
    if (ReadsAgain(state))
        (void)RequireReadOnce(outerPlanState(state), counted);
    CountScan(counted, state);
    if (IsA(state, ModifyTableState))
        CountInserted(counted, reinterpret_cast<ModifyTableState*>(state));
    return WalkPlanState(state, CountNode, context);
}

// --- its life ---

// The query's memory goes with it, also when it fails.
void OnQueryEnd(void* argument) {
    CountedQuery* ended = static_cast<CountedQuery*>(argument);
    ListCell* cell;
    foreach (cell, ended->limits)
        ReleaseBudget(LimitIn(cell)->budget);
    for (CountedQuery** link = &counted_queries; *link != nullptr; link = &(*link)->next)
        if (*link == ended) {
            *link = ended->next;
            break;
        }
    rows_counted = counted_queries != nullptr;
}

bool FindHighest(PlanState* state, void* highest) {
    int* number = static_cast<int*>(highest);
    *number = state->plan->plan_node_id > *number ? state->plan->plan_node_id : *number;
    return WalkPlanState(state, FindHighest, highest);
}

void AddLimit(const RowLimit* limit, void* context) {
    CountedQuery* counted = static_cast<CountedQuery*>(context);
    RowLimit* kept = static_cast<RowLimit*>(palloc(sizeof(RowLimit)));
    *kept = *limit;
    counted->limits = lappend(counted->limits, kept);
    HoldBudget(kept->budget);
}

// Whether an error's words may show values of a row. What a function raises by itself, its author chose to say.
bool MayQuote(int sqlstate) {
    int category = ERRCODE_TO_CATEGORY(sqlstate);
    return sqlstate != error_refused && sqlstate != ERRCODE_RAISE_EXCEPTION && category != ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) &&
           category != ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK);
}

// Calls the walker for the plan and its subqueries, some of them more than once.
void WalkAll(const QueryDesc* query, PlanStateWalker walker, void* context) {
    (void)walker(query->planstate, context);
    ListCell* cell;
    foreach (cell, query->estate->es_subplanstates)
        if (lfirst(cell) != nullptr)
            (void)walker(static_cast<PlanState*>(lfirst(cell)), context);
}

}    // namespace

void CountRowsOf(QueryDesc* query) {
    MemoryContext caller = MemoryContextSwitchTo(query->estate->es_query_cxt);
    CountedQuery* counted = static_cast<CountedQuery*>(palloc0(sizeof(CountedQuery)));
    ForEachRowLimit(query, AddLimit, counted);
    if (counted->limits != NIL) {
        counted->estate = query->estate;
        counted->query = query;
        counted->next = counted_queries;
        counted->ended = {OnQueryEnd, counted, nullptr};
        counted_queries = counted;
        rows_counted = true;
        MemoryContextRegisterResetCallback(query->estate->es_query_cxt, &counted->ended);
        int highest = 0;
        WalkAll(query, FindHighest, &highest);
        counted->nodes = static_cast<CountedNode*>(palloc0((highest + 1) * sizeof(CountedNode)));
        WalkAll(query, CountNode, counted);
    }
    MemoryContextSwitchTo(caller);
}

bool IsCounted(const QueryDesc* query) { return FindCounted(query->estate) != nullptr; }

const RowBudget* ChargeFailure(const QueryDesc* query) {
    const CountedQuery* counted = FindCounted(query->estate);
    const RowBudget* over = nullptr;
    ListCell* cell;
    foreach (cell, counted == nullptr || !MayQuote(geterrcode()) ? NIL : counted->limits) {
        RowBudget* budget = LimitIn(cell)->budget;
        over = ++budget->rows > budget->most ? budget : over;
    }
    return over;
}

}    // namespace warrant
