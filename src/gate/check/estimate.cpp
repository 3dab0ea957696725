#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/commands.hpp"
#include "gate/check/estimate.hpp"

namespace warrant {

namespace {

constexpr int64_t unknown = -1;

// The rows of the relation as they were counted last, a partitioned table's with its partitions; of one with other children nobody has counted.
int64_t CountedRows(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return unknown;
    Form_pg_class row = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    double rows = row->relkind == RELKIND_RELATION && row->relhassubclass ? -1 : row->reltuples;
    ReleaseSysCache(tuple);
    return rows < 0 ? unknown : int64_t(rows);
}

int64_t InsertedRows(const Query* query) {
    ListCell* cell;
    const RangeTblEntry* values = nullptr;
    foreach (cell, query->rtable) {
        const RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind == RTE_VALUES)
            values = entry;
        else if (entry->rtekind == RTE_SUBQUERY || entry->rtekind == RTE_FUNCTION || entry->rtekind == RTE_CTE)
            return unknown;
    }
    return values == nullptr ? 1 : list_length(values->values_lists);
}

bool IsValue(const Node* node) { return IsA(node, Const) || IsA(node, Param); }

// How many values a list such as that of IN has; 0 where it does not say.
int ValuesIn(const Node* list) {
    if (IsA(list, ArrayExpr)) {
        ListCell* cell;
        foreach (cell, reinterpret_cast<const ArrayExpr*>(list)->elements)
            if (!IsValue(static_cast<const Node*>(lfirst(cell))))
                return 0;
        return list_length(reinterpret_cast<const ArrayExpr*>(list)->elements);
    }
    if (!IsA(list, Const) || reinterpret_cast<const Const*>(list)->constisnull)
        return 0;
    ArrayType* array = DatumGetArrayTypeP(reinterpret_cast<const Const*>(list)->constvalue);
    return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

// A column that a clause compares by a built-in operator with so many values; the column is 0 in any other clause.
struct Comparison {
    AttrNumber column;
    Oid operation;
    int values;
};

Comparison ComparisonOf(const Node* clause, int entry) {
    bool of_list = IsA(clause, ScalarArrayOpExpr);
    if (!of_list && !IsA(clause, OpExpr))
        return {};
    const ScalarArrayOpExpr* list = reinterpret_cast<const ScalarArrayOpExpr*>(clause);
    const OpExpr* expression = reinterpret_cast<const OpExpr*>(clause);
    List* sides = of_list ? list->args : expression->args;
    if (list_length(sides) != 2 || (of_list && !list->useOr))
        return {};
    const Node *column = strip_implicit_coercions(static_cast<Node*>(linitial(sides))), *value = static_cast<const Node*>(lsecond(sides));
    bool turned = !of_list && IsA(strip_implicit_coercions(const_cast<Node*>(value)), Var);
    if (turned) {
        value = column;
        column = strip_implicit_coercions(static_cast<Node*>(lsecond(sides)));
    }
    // Another coercion than a new label would compare something else.
    const Node* operand = static_cast<const Node*>(turned ? lsecond(sides) : linitial(sides));
    int values = of_list ? ValuesIn(value) : int(IsValue(value));
    Oid operation = of_list ? list->opno : turned ? get_commutator(expression->opno) : expression->opno;
    if (!IsA(column, Var) || (column != operand && !IsA(operand, RelabelType)) || values == 0 || operation >= FirstNormalObjectId ||
        reinterpret_cast<const Var*>(column)->varno != entry || reinterpret_cast<const Var*>(column)->varlevelsup != 0)
        return {};
    return Comparison{reinterpret_cast<const Var*>(column)->varattno, operation, values};
}

// How many values the clauses give the column; 0 where they do not. Under another collation more can be equal than the index keeps apart.
int64_t ValuesOf(List* clauses, int entry, AttrNumber column, Oid family, Oid collation) {
    ListCell* cell;
    int64_t fewest = 0;
    foreach (cell, clauses) {
        const Node* clause = static_cast<const Node*>(lfirst(cell));
        Comparison comparison = ComparisonOf(clause, entry);
        if (comparison.column == column && comparison.values > 0 && get_op_opfamily_strategy(comparison.operation, family) == BTEqualStrategyNumber &&
            (!OidIsValid(collation) || exprInputCollation(clause) == collation) && (fewest == 0 || comparison.values < fewest))
            fewest = comparison.values;
    }
    return fewest;
}

// How many rows the index lets have what the clauses say; 0 where it does not tell.
int64_t RowsByIndex(Oid index, List* clauses, int entry) {
    HeapTuple row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return 0;
    Form_pg_index form = reinterpret_cast<Form_pg_index>(GETSTRUCT(row));
    bool tells = form->indisunique && form->indimmediate && form->indisvalid && heap_attisnull(row, Anum_pg_index_indexprs, nullptr) &&
                 heap_attisnull(row, Anum_pg_index_indpred, nullptr);
    auto vector = [row](AttrNumber attribute) {
        bool is_null;
        return reinterpret_cast<const oidvector*>(DatumGetPointer(SysCacheGetAttr(INDEXRELID, row, attribute, &is_null)));
    };
    const oidvector* classes = vector(Anum_pg_index_indclass);
    const oidvector* collations = vector(Anum_pg_index_indcollation);
    int64_t rows = tells ? 1 : 0;
    for (int i = 0; rows > 0 && i < form->indnkeyatts; i++) {
        int64_t values = ValuesOf(clauses, entry, form->indkey.values[i], get_opclass_family(classes->values[i]), collations->values[i]);
        rows = pg_mul_s64_overflow(rows, values, &rows) ? 0 : rows;
    }
    ReleaseSysCache(row);
    return rows;
}

// The fewest that a unique key of the relation, which is locked, lets have what the clauses say; 0 where none tells.
int64_t RowsByKey(Oid relation, List* clauses, int entry) {
    Relation opened = table_open(relation, NoLock);
    int64_t fewest = 0;
    ListCell* cell;
    foreach (cell, RelationGetIndexList(opened)) {
        int64_t rows = RowsByIndex(lfirst_oid(cell), clauses, entry);
        if (rows > 0 && (fewest == 0 || rows < fewest))
            fewest = rows;
    }
    table_close(opened, NoLock);
    return fewest;
}

// How many rows a query finds that reads nothing but this relation, and gives the values of a unique key; 0 where it does not.
int64_t RowsByKey(const Query* query, Oid relation) {
    const FromExpr* from = query->jointree;
    if (from == nullptr || query->hasSubLinks || query->cteList != NIL || list_length(from->fromlist) != 1 ||
        !IsA(linitial(from->fromlist), RangeTblRef))
        return 0;
    int entry = linitial_node(RangeTblRef, from->fromlist)->rtindex;
    const RangeTblEntry* table = rt_fetch(entry, query->rtable);
    if (table->rtekind != RTE_RELATION || table->relid != relation || (table->inh && table->relkind == RELKIND_RELATION && has_subclass(relation)))
        return 0;
    // The analysis of the query holds a lock.
    return RowsByKey(relation, make_ands_implicit(static_cast<Expr*>(static_cast<void*>(from->quals))), entry);
}

bool IsAboutRows(Command command) {
    constexpr CommandMask about_rows = MaskOf(Command::Select) | MaskOf(Command::Update) | MaskOf(Command::Delete) | MaskOf(Command::UpdateAll) |
                                       MaskOf(Command::DeleteAll) | MaskOf(Command::Truncate) | MaskOf(Command::Export);
    return (MaskOf(command) & about_rows) != 0;
}

// What the plan, which does nothing but scan this relation, looks for there; false for any other plan.
bool ScansOnly(const Plan* plan, const PlannedStmt* statement, Oid relation, List** clauses) {
    *clauses = plan->qual;
    switch (nodeTag(plan)) {
        case T_IndexScan: *clauses = list_concat_copy(*clauses, reinterpret_cast<const IndexScan*>(plan)->indexqualorig); break;
        case T_BitmapHeapScan: *clauses = list_concat_copy(*clauses, reinterpret_cast<const BitmapHeapScan*>(plan)->bitmapqualorig); break;
        case T_SeqScan:
        case T_IndexOnlyScan:
        case T_TidScan:
        case T_TidRangeScan: break;
        default: return false;
    }
    return rt_fetch(reinterpret_cast<const Scan*>(plan)->scanrelid, statement->rtable)->relid == relation;
}

// What a plan returns says something of a relation where it does nothing but scan that: an aggregate over a million rows returns one. Of a relation
// that was never counted the planner guesses, but for a unique key.
int64_t PlannedRows(const PlannedStmt* statement, Oid relation) {
    const Plan* plan = statement->planTree;
    // The node itself returns no row without RETURNING.
    if (IsA(plan, ModifyTable))
        plan = outerPlan(plan);
    int64_t counted = CountedRows(relation);
    List* clauses;
    if (plan == nullptr || statement->subplans != NIL || !ScansOnly(plan, statement, relation, &clauses))
        return counted;
    if (int64_t rows = RowsByKey(relation, clauses, int(reinterpret_cast<const Scan*>(plan)->scanrelid)))
        return rows;
    if (counted == unknown)
        return unknown;
    return plan->plan_rows < double(PG_INT64_MAX) ? int64_t(plan->plan_rows) : PG_INT64_MAX;
}

}    // namespace

int64_t EstimateRows(const QueryDesc* query, const Query* parsed, const Access& access) {
    if (query != nullptr)
        return IsAboutRows(access.command) ? PlannedRows(query->plannedstmt, access.relation) : unknown;
    if (access.command == Command::Insert)
        return parsed == nullptr || parsed->commandType != CMD_INSERT ? unknown : InsertedRows(parsed);
    if (!IsAboutRows(access.command))
        return unknown;
    int64_t by_key = parsed == nullptr ? 0 : RowsByKey(parsed, access.relation);
    return by_key > 0 ? by_key : CountedRows(access.relation);
}

const char* CommandTagOf(const QueryDesc* query, const Query* parsed) {
    const Frame* top = OutermostFrame();
    const Node* statement = nullptr;
    if (top != nullptr && top->query != nullptr)
        statement = reinterpret_cast<const Node*>(top->query->plannedstmt);
    else if (top != nullptr && top->kind == FrameKind::Utility)
        statement = top->utility;
    else if (query != nullptr)
        statement = reinterpret_cast<const Node*>(query->plannedstmt);
    else if (parsed != nullptr)
        statement = reinterpret_cast<const Node*>(parsed);
    return statement == nullptr ? nullptr : GetCommandTagName(CreateCommandTag(const_cast<Node*>(statement)));
}

}    // namespace warrant
