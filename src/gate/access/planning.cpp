#include "pg/server.hpp"

#include "pg/permissions.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "queue/entry.hpp"
#include "gate/access/access.hpp"
#include "gate/access/planning.hpp"

namespace warrant {

namespace {

// A walk over the levels of a query.
struct Collection {
    void (*visit)(Query* level, Collection*);
    AccessList* list;
    PlanNotes notes;
    bool exported;
    // The functions around, each within the one before.
    List* inlined = NIL;
    const Query* outermost = nullptr;
    bool shows_statistics = false;
};

void Collect(Query* level, Collection* collection) {
    ForEachPermission(level, [collection](int, const RangeTblEntry*, const Permission& permission) {
        if (IsGoverned(permission.relation))
            AddPermission(collection->list, permission, collection->notes, collection->exported);
    });
}

void Require(Query* level, Collection*) { RequirePrivilegesOf(level); }

void CollectFromQuery(Query* query, Collection* collection);

bool CollectFromNode(Node* node, void* collection) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return WalkExpression(node, CollectFromNode, collection);
    CollectFromQuery(reinterpret_cast<Query*>(node), static_cast<Collection*>(collection));
    return false;
}

// Replaces the arguments of an SQL function's call by typed NULLs: the planner may put the function's query in its place whatever
// they turn out to be.
bool WithoutArguments(FuncExpr* call) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool sql = Form_pg_proc(GETSTRUCT(tuple))->prolang == SQLlanguageId;
    if (sql)
        call->args = expand_function_arguments(call->args, false, call->funcresulttype, tuple);
    ReleaseSysCache(tuple);
    ListCell* cell;
    foreach (cell, sql ? call->args : NIL) {
        Node* argument = static_cast<Node*>(lfirst(cell));
        lfirst(cell) = makeNullConst(exprType(argument), exprTypmod(argument), exprCollation(argument));
    }
    return sql;
}

// An SQL function in FROM becomes part of the plan without a planning or a start of its own.
void CollectFromFunction(const RangeTblEntry* entry, Collection* collection) {
    const Node* called = list_length(entry->functions) == 1 ? linitial_node(RangeTblFunction, entry->functions)->funcexpr : nullptr;
    if (called == nullptr || !IsA(called, FuncExpr) || reinterpret_cast<const FuncExpr*>(called)->funcid < FirstUnpinnedObjectId)
        return;
    Oid function = reinterpret_cast<const FuncExpr*>(called)->funcid;
    // A function that calls itself reads no more for that; the planner may find that it never does.
    if (list_member_oid(collection->inlined, function))
        return;
    check_stack_depth();
    RangeTblEntry* copy = static_cast<RangeTblEntry*>(copyObjectImpl(entry));
    if (!WithoutArguments(castNode(FuncExpr, linitial_node(RangeTblFunction, copy->functions)->funcexpr)))
        return;
    PlannerInfo* root = makeNode(PlannerInfo);
    root->glob = makeNode(PlannerGlobal);
    Query* inlined = InlineFunction(root, copy);
    if (inlined == nullptr)
        return;
    collection->inlined = lappend_oid(collection->inlined, function);
    CollectFromQuery(inlined, collection);
    collection->inlined = list_delete_last(collection->inlined);
}

// Collects as the planner sees the query: a SELECT that nothing refers to leaves nothing in a plan.
void CollectFromQuery(Query* query, Collection* collection) {
    collection->visit(query, collection);
    ListCell* cell;
    foreach (cell, query->rtable) {
        const RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind == RTE_SUBQUERY)
            CollectFromQuery(entry->subquery, collection);
        else if (entry->rtekind == RTE_FUNCTION)
            CollectFromFunction(entry, collection);
    }
    foreach (cell, query->cteList) {
        const CommonTableExpr* cte = lfirst_node(CommonTableExpr, cell);
        Query* inner = castNode(Query, cte->ctequery);
        if (cte->cterefcount > 0 || inner->commandType != CMD_SELECT)
            CollectFromQuery(inner, collection);
    }
    if (query->hasSubLinks)
        (void)WalkQuery(query, CollectFromNode, collection, QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
}

bool IsUsersFunction(Oid function, void*) { return function >= FirstUnpinnedObjectId; }

// Only a superuser can put an operator into an opfamily, so mergejoinable ones are trusted.
bool CallsUser(Node* node, void* context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return WalkQuery(reinterpret_cast<Query*>(node), CallsUser, context, 0);
    if (IsA(node, OpExpr) && get_mergejoin_opfamilies(reinterpret_cast<OpExpr*>(node)->opno) != NIL)
        return WalkExpression(node, CallsUser, context);
    return check_functions_in_node(node, IsUsersFunction, nullptr) || WalkExpression(node, CallsUser, context);
}

// Whether the query, or a modifying CTE, writes to what anybody reads without approval.
bool HasWriteToUnprotected(Node* node, void* context) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return WalkExpression(node, HasWriteToUnprotected, context);
    Query* query = reinterpret_cast<Query*>(node);
    return (query->commandType != CMD_SELECT && WritesUnprotected(PermissionsOf(query))) || WalkQuery(query, HasWriteToUnprotected, context, 0);
}

// Whether the query reads keys: FROM table x ... FOR KEY SHARE OF x, or FROM such a query.
bool ReadsKeys(const Query* query) {
    if (query->commandType != CMD_SELECT || list_length(query->rtable) != 1 || query->cteList != NIL)
        return false;
    if (linitial_node(RangeTblEntry, query->rtable)->rtekind == RTE_SUBQUERY)
        return query->rowMarks == NIL;
    return linitial_node(RangeTblEntry, query->rtable)->rtekind == RTE_RELATION && list_length(query->rowMarks) == 1 &&
           linitial_node(RowMarkClause, query->rowMarks)->strength == LCS_FORKEYSHARE;
}

bool ReadsMoreThanKeys(Node* node, void* context) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return WalkExpression(node, ReadsMoreThanKeys, context);
    Query* query = reinterpret_cast<Query*>(node);
    return !ReadsKeys(query) || WalkQuery(query, ReadsMoreThanKeys, context, 0);
}

}    // namespace

namespace {

bool MentionsAnyRow(Node* node, void*) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var) || (IsA(node, Param) && reinterpret_cast<Param*>(node)->paramkind == PARAM_SUBLINK))
        return true;
    return IsA(node, Query) ? WalkQuery(reinterpret_cast<Query*>(node), MentionsAnyRow, nullptr, 0) : WalkExpression(node, MentionsAnyRow, nullptr);
}

// The operator that the planner estimates the node by; 0 for none.
Oid EstimatedBy(Node* node) {
    switch (nodeTag(node)) {
        case T_OpExpr:
        case T_DistinctExpr:
        case T_NullIfExpr: return reinterpret_cast<OpExpr*>(node)->opno;
        case T_ScalarArrayOpExpr: return reinterpret_cast<ScalarArrayOpExpr*>(node)->opno;
        default: return InvalidOid;
    }
}

bool IsEstimated(Oid op) { return OidIsValid(op) && (OidIsValid(get_oprrest(op)) || OidIsValid(get_oprjoin(op))); }

// The planner puts what such a function does in the place of its call.
bool IsUsersSql(Node* node) {
    if (!IsA(node, FuncExpr) || reinterpret_cast<FuncExpr*>(node)->funcid < FirstUnpinnedObjectId)
        return false;
    return LanguageOf(reinterpret_cast<FuncExpr*>(node)->funcid) == SQLlanguageId;
}

// sql_too: of a condition, or of what may become part of one.
bool IsShownStatistics(Node* node, void* sql_too) {
    if (node == nullptr || IsA(node, Query))
        return false;
    bool shown = (IsEstimated(EstimatedBy(node)) && check_functions_in_node(node, IsUsersFunction, nullptr)) ||
                 (*static_cast<bool*>(sql_too) && IsUsersSql(node));
    return (shown && MentionsAnyRow(node, nullptr)) || WalkExpression(node, IsShownStatistics, sql_too);
}

void FindShownStatistics(Query* level, Collection* collection) {
    bool conditions = true, all = level != collection->outermost;
    collection->shows_statistics |= IsShownStatistics(reinterpret_cast<Node*>(level->jointree), &conditions) ||
                                    IsShownStatistics(level->havingQual, &conditions) ||
                                    WalkQuery(level, IsShownStatistics, &all, QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
}

}    // namespace

Oid LanguageOf(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    Oid language = Form_pg_proc(GETSTRUCT(tuple))->prolang;
    ReleaseSysCache(tuple);
    return language;
}

bool ShowsStatistics(Query* query) {
    Collection collection = {FindShownStatistics, nullptr, PlanNotes{}, false};
    collection.outermost = query;
    CollectFromQuery(query, &collection);
    return collection.shows_statistics;
}

void CollectBeforePlanning(AccessList* list, Query* query, const PlanNotes& notes, bool exported) {
    Collection collection = {Collect, list, notes, exported};
    CollectFromQuery(query, &collection);
}

bool WritesUnprotected(Query* query) {
    bool writes = query->commandType != CMD_SELECT || query->hasModifyingCTE;
    return writes && HasWriteToUnprotected(reinterpret_cast<Node*>(query), nullptr);
}

void CollectFromQuery(AccessList* list, Query* query) { CollectBeforePlanning(list, query, NotesOf(query), WritesUnprotected(query)); }

void RequirePrivilegesBeforePlanning(Query* query) {
    Collection collection = {Require, nullptr, PlanNotes{}, false};
    CollectFromQuery(query, &collection);
}

// The server's lookup is SELECT 1 FROM table x WHERE key = $1 FOR KEY SHARE OF x, or with PERIOD over the periods that such queries find.
bool IsPlannedIntegrityLookup(Query* query) {
    return InNoForceRLSOperation() && list_length(query->targetList) == 1 && IsA(linitial_node(TargetEntry, query->targetList)->expr, Const) &&
           !ReadsMoreThanKeys(reinterpret_cast<Node*>(query), nullptr) && !CallsUser(reinterpret_cast<Node*>(query), nullptr);
}

}    // namespace warrant
