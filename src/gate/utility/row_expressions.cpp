#include "pg/server.hpp"

#include "gate/utility/row_expressions.hpp"

namespace warrant {

namespace {

bool IsConstant(const Node* expression) {
    if (expression == nullptr || IsA(expression, A_Const))
        return true;
    return IsA(expression, TypeCast) && IsConstant(reinterpret_cast<const TypeCast*>(expression)->arg);
}

// An exclusion constraint is an index: (element, operator) each.
bool EvaluatesInIndex(const Constraint* exclusion) {
    ListCell* cell;
    foreach (cell, exclusion->exclusions)
        if (linitial_node(IndexElem, lfirst_node(List, cell))->expr != nullptr)
            return true;
    return exclusion->where_clause != nullptr;
}

bool Evaluates(const Constraint* constraint) {
    switch (constraint->contype) {
        case CONSTR_EXCLUSION: return EvaluatesInIndex(constraint);
        case CONSTR_CHECK:
        case CONSTR_FOREIGN: return !constraint->skip_validation;
        case CONSTR_DEFAULT: return !IsConstant(constraint->raw_expr);
        case CONSTR_GENERATED: return true;
        default: return false;
    }
}

bool EvaluatesInColumn(const ColumnDef* column) {
    ListCell* cell;
    foreach (cell, column->constraints)
        if (IsA(lfirst(cell), Constraint) && Evaluates(lfirst_node(Constraint, cell)))
            return true;
    return !IsConstant(column->raw_default);
}

// Whether values become another type by the server's own code, whose errors do not quote them. A stable cast looks the value up, so
// it does not count.
bool ConvertsInside(Oid from, Oid to) {
    if (from == to)
        return true;
    // The checks of a domain see the value.
    if (get_typtype(to) == TYPTYPE_DOMAIN)
        return false;
    Oid function;
    switch (find_coercion_pathway(to, from, COERCION_ASSIGNMENT, &function)) {
        case COERCION_PATH_ARRAYCOERCE: return false;
        case COERCION_PATH_FUNC: return function < FirstUnpinnedObjectId && func_volatile(function) == PROVOLATILE_IMMUTABLE;
        // There is nothing to do, the types' own functions convert the value by way of text, or the command fails by itself.
        default: return true;
    }
}

// Whether a column's new type, with or without USING, shows its values to expressions.
bool ConvertsVisibly(Oid relation, const AlterTableCmd* command) {
    const ColumnDef* column = castNode(ColumnDef, command->def);
    AttrNumber number = get_attnum(relation, command->name);
    Oid to = LookupTypeNameOid(nullptr, column->typeName, true);
    bool fails = number == InvalidAttrNumber || !OidIsValid(to);
    return column->raw_default != nullptr || (!fails && !ConvertsInside(get_atttype(relation, number), to));
}

bool HasExpressionIndex(Relation relation) {
    ListCell* cell;
    foreach (cell, RelationGetIndexList(relation)) {
        HeapTuple row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        bool found =
            HeapTupleIsValid(row) && (!heap_attisnull(row, Anum_pg_index_indexprs, nullptr) || !heap_attisnull(row, Anum_pg_index_indpred, nullptr));
        if (HeapTupleIsValid(row))
            ReleaseSysCache(row);
        if (found)
            return true;
    }
    return false;
}

}    // namespace

bool EvaluatesOverRows(Oid relation, const AlterTableCmd* command) {
    switch (command->subtype) {
        case AT_AlterColumnType: return ConvertsVisibly(relation, command);
        case AT_AddColumn: return EvaluatesInColumn(castNode(ColumnDef, command->def));
        case AT_AddConstraint: return IsA(command->def, Constraint) && Evaluates(castNode(Constraint, command->def));
        case AT_ValidateConstraint: return true;
        default: return IsSetExpression(command) || IsEnforcement(command);
    }
}

bool EvaluatesOverRows(const IndexStmt* index) {
    bool evaluates = index->whereClause != nullptr;
    ListCell* cell;
    foreach (cell, index->indexParams)
        evaluates = evaluates || lfirst_node(IndexElem, cell)->expr != nullptr;
    return evaluates;
}

bool EvaluatesInPartitions(Oid relation) {
    if (get_rel_relkind(relation) != RELKIND_PARTITIONED_TABLE)
        return false;
    bool evaluates = false;
    ListCell* cell;
    foreach (cell, lcons_oid(relation, get_partition_ancestors(relation))) {
        Relation parent = table_open(lfirst_oid(cell), AccessShareLock);
        evaluates = evaluates || RelationGetPartitionKey(parent)->partexprs != NIL || HasExpressionIndex(parent);
        table_close(parent, NoLock);
    }
    return evaluates;
}

}    // namespace warrant
