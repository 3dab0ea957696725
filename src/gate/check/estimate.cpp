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

bool ScansOnly(const Plan* plan, const PlannedStmt* statement, Oid relation) {
    switch (nodeTag(plan)) {
        case T_SeqScan:
        case T_IndexScan:
        case T_IndexOnlyScan:
        case T_BitmapHeapScan:
        case T_TidScan:
        case T_TidRangeScan: return rt_fetch(reinterpret_cast<const Scan*>(plan)->scanrelid, statement->rtable)->relid == relation;
        default: return false;
    }
}

// What a plan returns says something of a relation where it does nothing but scan that: an aggregate over a million rows returns one.
int64_t PlannedRows(const PlannedStmt* statement, Oid relation) {
    const Plan* plan = statement->planTree;
    // The node itself returns no row without RETURNING.
    if (IsA(plan, ModifyTable))
        plan = outerPlan(plan);
    if (plan == nullptr || !ScansOnly(plan, statement, relation))
        return CountedRows(relation);
    return plan->plan_rows < double(PG_INT64_MAX) ? int64_t(plan->plan_rows) : PG_INT64_MAX;
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

// The column of this range table entry that a clause compares with a value by a built-in operator; 0 for any other clause.
AttrNumber ComparedColumn(const Node* clause, int entry, Oid* comparison) {
    if (!IsA(clause, OpExpr) || list_length(reinterpret_cast<const OpExpr*>(clause)->args) != 2)
        return 0;
    const OpExpr* expression = reinterpret_cast<const OpExpr*>(clause);
    const Node* left = static_cast<const Node*>(linitial(expression->args));
    const Node* right = static_cast<const Node*>(lsecond(expression->args));
    bool turned = IsA(right, Var);
    const Node* column = turned ? right : left;
    const Node* value = turned ? left : right;
    if (!IsA(column, Var) || reinterpret_cast<const Var*>(column)->varno != entry || reinterpret_cast<const Var*>(column)->varlevelsup != 0 ||
        (!IsA(value, Const) && !IsA(value, Param)))
        return 0;
    *comparison = turned ? get_commutator(expression->opno) : expression->opno;
    return *comparison < FirstNormalObjectId ? reinterpret_cast<const Var*>(column)->varattno : 0;
}

// Whether a clause gives the column's value. Under another collation more can be equal than the index keeps apart.
bool IsGiven(List* clauses, int entry, AttrNumber column, Oid family, Oid collation) {
    ListCell* cell;
    foreach (cell, clauses) {
        const Node* clause = static_cast<const Node*>(lfirst(cell));
        Oid comparison = InvalidOid;
        if (ComparedColumn(clause, entry, &comparison) == column && get_op_opfamily_strategy(comparison, family) == BTEqualStrategyNumber &&
            (!OidIsValid(collation) || exprInputCollation(clause) == collation))
            return true;
    }
    return false;
}

// Whether the index lets at most one row have what the clauses say.
bool LetsOneRow(Oid index, List* clauses, int entry) {
    HeapTuple row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return false;
    Form_pg_index form = reinterpret_cast<Form_pg_index>(GETSTRUCT(row));
    bool one = form->indisunique && form->indimmediate && form->indisvalid && heap_attisnull(row, Anum_pg_index_indexprs, nullptr) &&
               heap_attisnull(row, Anum_pg_index_indpred, nullptr);
    auto vector = [row](AttrNumber attribute) {
        bool is_null;
        return reinterpret_cast<const oidvector*>(DatumGetPointer(SysCacheGetAttr(INDEXRELID, row, attribute, &is_null)));
    };
    const oidvector* classes = vector(Anum_pg_index_indclass);
    const oidvector* collations = vector(Anum_pg_index_indcollation);
    for (int i = 0; one && i < form->indnkeyatts; i++)
        one = IsGiven(clauses, entry, form->indkey.values[i], get_opclass_family(classes->values[i]), collations->values[i]);
    ReleaseSysCache(row);
    return one;
}

// Whether the query reads nothing but this relation, and gives the value of a unique key.
bool FindsOneRow(const Query* query, Oid relation) {
    const FromExpr* from = query->jointree;
    if (from == nullptr || query->hasSubLinks || query->cteList != NIL || list_length(from->fromlist) != 1 ||
        !IsA(linitial(from->fromlist), RangeTblRef))
        return false;
    int entry = linitial_node(RangeTblRef, from->fromlist)->rtindex;
    const RangeTblEntry* table = rt_fetch(entry, query->rtable);
    if (table->rtekind != RTE_RELATION || table->relid != relation || (table->inh && table->relkind == RELKIND_RELATION && has_subclass(relation)))
        return false;
    // The analysis of the query holds a lock.
    Relation opened = table_open(relation, NoLock);
    List* clauses = make_ands_implicit(static_cast<Expr*>(static_cast<void*>(from->quals)));
    bool one = false;
    ListCell* cell;
    foreach (cell, RelationGetIndexList(opened))
        one = one || LetsOneRow(lfirst_oid(cell), clauses, entry);
    table_close(opened, NoLock);
    return one;
}

bool IsAboutRows(Command command) {
    constexpr CommandMask about_rows = MaskOf(Command::Select) | MaskOf(Command::Update) | MaskOf(Command::Delete) | MaskOf(Command::UpdateAll) |
                                       MaskOf(Command::DeleteAll) | MaskOf(Command::Truncate) | MaskOf(Command::Export);
    return (MaskOf(command) & about_rows) != 0;
}

}    // namespace

int64_t EstimateRows(const QueryDesc* query, const Query* parsed, const Access& access) {
    if (query != nullptr)
        return IsAboutRows(access.command) ? PlannedRows(query->plannedstmt, access.relation) : unknown;
    if (access.command == Command::Insert)
        return parsed == nullptr || parsed->commandType != CMD_INSERT ? unknown : InsertedRows(parsed);
    if (!IsAboutRows(access.command))
        return unknown;
    return parsed != nullptr && FindsOneRow(parsed, access.relation) ? 1 : CountedRows(access.relation);
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
