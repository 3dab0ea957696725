#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "rules/installation.hpp"
#include "gate/call_units.hpp"

namespace warrant {

namespace {

struct Search {
    Oid own_schema;
    const char* source;
};

bool CheckCalls(Node* node, void* context) {
    if (node == nullptr)
        return false;
    const Search* search = static_cast<const Search*>(context);
    if (IsA(node, Query))
        return WalkQuery(reinterpret_cast<Query*>(node), CheckCalls, context, 0);
    if (IsA(node, FuncExpr)) {
        const FuncExpr* call = reinterpret_cast<const FuncExpr*>(node);
        if (call->funcid >= FirstNormalObjectId && get_func_namespace(call->funcid) == search->own_schema)
            CheckUnits(call, search->source);
    }
    return WalkExpression(node, CheckCalls, context);
}

bool CallsUsersFunctions(const PlannedStmt* plan) {
    ListCell* cell;
    foreach (cell, plan->invalItems)
        if (lfirst_node(PlanInvalItem, cell)->cacheId == PROCOID)
            return true;
    return false;
}

}    // namespace

void CheckUnitsOfCalls(Query* planned, const PlannedStmt* plan, const char* source) {
    if (plan->invalItems == NIL || !CallsUsersFunctions(plan))
        return;
    const Installation* own = FindInstallation();
    if (own == nullptr)
        return;
    Search search = {own->schema, source};
    (void)CheckCalls(reinterpret_cast<Node*>(planned), &search);
    // Subqueries in expressions have become plans of their own.
    ListCell* cell;
    foreach (cell, plan->subplans)
        if (const Plan* subplan = static_cast<const Plan*>(lfirst(cell)))
            (void)CheckCalls(reinterpret_cast<Node*>(subplan->targetlist), &search);
}

}    // namespace warrant
