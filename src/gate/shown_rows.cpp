#include "pg/server.hpp"

#include "gate/access/implied_reads.hpp"
#include "gate/shown_rows.hpp"

namespace warrant {

namespace {

bool MentionsRow(Node* node, void*) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var) || IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue))
        return true;
    return WalkExpression(node, MentionsRow, nullptr);
}

// Whether a condition shows values of the row to others' code. What a subquery does with a value that it is given, nobody knows.
bool ShowsRow(Node* node, void*) {
    if (node == nullptr)
        return false;
    if (IsA(node, SubPlan) && reinterpret_cast<SubPlan*>(node)->args != NIL)
        return true;
    return (CallsOthers(node) && MentionsRow(node, nullptr)) || WalkExpression(node, ShowsRow, nullptr);
}

bool Show(List* conditions) { return ShowsRow(reinterpret_cast<Node*>(conditions), nullptr); }

}    // namespace

bool ShowsMore(const Plan* plan) {
    if (Show(plan->qual))
        return true;
    switch (nodeTag(plan)) {
        case T_IndexScan: {
            const IndexScan* scan = reinterpret_cast<const IndexScan*>(plan);
            return Show(scan->indexqualorig) || Show(scan->indexorderbyorig);
        }
        case T_IndexOnlyScan: {
            const IndexOnlyScan* scan = reinterpret_cast<const IndexOnlyScan*>(plan);
            return Show(scan->indexqual) || Show(scan->recheckqual) || Show(scan->indexorderby);
        }
        case T_BitmapHeapScan: return Show(reinterpret_cast<const BitmapHeapScan*>(plan)->bitmapqualorig);
        case T_TidScan: return Show(reinterpret_cast<const TidScan*>(plan)->tidquals);
        case T_TidRangeScan: return Show(reinterpret_cast<const TidRangeScan*>(plan)->tidrangequals);
        case T_ForeignScan: return Show(reinterpret_cast<const ForeignScan*>(plan)->fdw_recheck_quals);
        case T_CustomScan: return Show(reinterpret_cast<const CustomScan*>(plan)->custom_exprs);
        default: return false;
    }
}

}    // namespace warrant
