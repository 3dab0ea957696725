#include "pg/server.hpp"

#include "pg/permissions.hpp"
#include "gate/access/mass_writes.hpp"

namespace warrant {

namespace {

// The rows that may be named, as a tree sees them that lies this many query levels below the write.
struct Rows {
    int index;
    int depth;
    // Named by the statement's own text alone. What comes from a rule has no place in it.
    bool in_text;
};

// A column that tells no row apart, but the table, does not count.
bool IsOfRows(const Var* var, const Rows* rows) {
    return int(var->varno) == rows->index && int(var->varlevelsup) == rows->depth && var->varattno != TableOidAttributeNumber &&
           (!rows->in_text || var->location >= 0);
}

bool NamesRows(Node* node, void* context) {
    Rows* rows = static_cast<Rows*>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, Var))
        return IsOfRows(reinterpret_cast<Var*>(node), rows);
    if (IsA(node, CurrentOfExpr))
        return rows->depth == 0 && int(reinterpret_cast<CurrentOfExpr*>(node)->cvarno) == rows->index;
    if (!IsA(node, Query))
        return WalkExpression(node, NamesRows, context);
    rows->depth++;
    bool found = WalkQuery(reinterpret_cast<Query*>(node), NamesRows, context, 0);
    rows->depth--;
    return found;
}

bool Names(Node* condition, int index, bool in_text = false) {
    Rows rows = {index, 0, in_text};
    return NamesRows(condition, &rows);
}

// Which writes of a target name a column.
struct Narrow {
    bool update;
    bool remove;
};

// ON says nothing of rows that no source row matches.
Narrow NarrowActions(const Query* merge, int rows) {
    Narrow narrow = {true, true};
    bool joined = Names(JoinConditionOf(merge), rows);
    ListCell* cell;
    foreach (cell, merge->mergeActionList) {
        const MergeAction* action = lfirst_node(MergeAction, cell);
        if ((joined && IsOfMatched(action)) || Names(action->qual, rows))
            continue;
        narrow.update = narrow.update && action->commandType != CMD_UPDATE;
        narrow.remove = narrow.remove && action->commandType != CMD_DELETE;
    }
    return narrow;
}

// The entry of the target's rows. A view whose triggers take them has one for its query besides.
int RowsOf(const Query* query) {
    if (query->commandType == CMD_MERGE)
        return MergedRowsOf(query);
    ListCell* cell;
    foreach (cell, rt_fetch(query->resultRelation, query->rtable)->relkind == RELKIND_VIEW ? query->targetList : NIL) {
        const TargetEntry* entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk && IsA(entry->expr, Var) && reinterpret_cast<const Var*>(entry->expr)->varattno == InvalidAttrNumber)
            return reinterpret_cast<const Var*>(entry->expr)->varno;
    }
    return query->resultRelation;
}

bool IsPair(const Node* node) {
    return IsA(node, BoolExpr) && reinterpret_cast<const BoolExpr*>(node)->boolop == AND_EXPR &&
           list_length(reinterpret_cast<const BoolExpr*>(node)->args) == 2;
}

Node* PartOf(const Node* pair, int place) { return static_cast<Node*>(list_nth(reinterpret_cast<const BoolExpr*>(pair)->args, place)); }

// Whether the tree has the shape of a view's condition, in which the server has replaced columns.
bool IsLike(const Node* tree, const Node* condition) {
    return !IsPair(condition) || (IsPair(tree) && IsLike(PartOf(tree, 0), PartOf(condition, 0)) && IsLike(PartOf(tree, 1), PartOf(condition, 1)));
}

// Takes a view's condition off what the server has put it behind, unless that is where row policies are. Returns whether it names a column.
bool TakeOff(Oid view, Node** words) {
    Relation opened = table_open(view, NoLock);    // which the analysis has locked
    const FromExpr* own = get_view_query(opened)->jointree;
    if (own->quals != nullptr && !RelationIsSecurityView(opened))
        *words = *words != nullptr && IsPair(*words) && IsLike(PartOf(*words, 1), own->quals) ? PartOf(*words, 0) : nullptr;
    bool names = own->quals != nullptr && Names(own->quals, linitial_node(RangeTblRef, own->fromlist)->rtindex);
    table_close(opened, NoLock);
    return names;
}

// Relations, each as often as it is written: as a whole, and narrowly.
struct Weighing {
    List* updates[2];
    List* deletes[2];
};

void Weigh(Weighing* weighing, const Permission& permission, Narrow narrow) {
    if (Updates(permission))
        weighing->updates[narrow.update] = lappend_oid(weighing->updates[narrow.update], permission.relation);
    if (permission.required & ACL_DELETE)
        weighing->deletes[narrow.remove] = lappend_oid(weighing->deletes[narrow.remove], permission.relation);
}

// Whether the entry, which is not the target, is a view that the server has replaced by what is behind it. Rules leave such entries, too.
bool IsPassed(const Query* query, const RangeTblEntry* entry) {
    return entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_VIEW && query->querySource == QSRC_ORIGINAL;
}

// What the server checks of an entry that is written; else nullptr. Of a view that a rule replaces it stands in the view's query on 15.
const CheckedEntry* WrittenEntryOf(const Query* query, const RangeTblEntry* entry) {
    const CheckedEntry* checked = CheckedEntryOf(query, entry);
    if (checked == nullptr && entry->rtekind == RTE_SUBQUERY && entry->subquery->rtable != NIL)
        if (const RangeTblEntry* view = linitial_node(RangeTblEntry, entry->subquery->rtable); view->relkind == RELKIND_VIEW)
            checked = CheckedEntryOf(entry->subquery, view);
    return checked != nullptr && Writes(PermissionIn(checked)) ? checked : nullptr;
}

// The target of a query's own words, and the views on the way to it, each under the conditions of those before it. ON CONFLICT reaches what
// conflicts.
void WeighTarget(Weighing* weighing, const Query* query, const List* passed) {
    Node* words = query->jointree->quals;
    List* conditions = NIL;
    for (int i = list_length(passed) - 1; i >= 0; i--)
        conditions = lcons_int(TakeOff(rt_fetch(list_nth_int(passed, i), query->rtable)->relid, &words), conditions);
    Narrow narrow = {true, true};
    if (query->commandType == CMD_MERGE)
        narrow = NarrowActions(query, RowsOf(query));
    else if (query->commandType != CMD_INSERT)
        narrow.update = narrow.remove = Names(words, RowsOf(query));
    ListCell *view, *names;
    forboth (view, passed, names, conditions) {
        Weigh(weighing, PermissionIn(CheckedEntryOf(query, rt_fetch(lfirst_int(view), query->rtable))), narrow);
        if (lfirst_int(names))
            narrow = Narrow{true, true};
    }
    if (const CheckedEntry* target = WrittenEntryOf(query, rt_fetch(query->resultRelation, query->rtable)))
        Weigh(weighing, PermissionIn(target), narrow);
}

void WeighWrites(Weighing* weighing, const Query* query) {
    List* passed = NIL;
    for (int index = 1; index <= list_length(query->rtable); index++) {
        const RangeTblEntry* entry = rt_fetch(index, query->rtable);
        const CheckedEntry* written = index == query->resultRelation ? nullptr : WrittenEntryOf(query, entry);
        if (written == nullptr)
            continue;
        if (IsPassed(query, entry)) {
            passed = lappend_int(passed, index);
            continue;
        }
        bool named = Names(query->jointree->quals, index, true);    // a rule is on it
        Weigh(weighing, PermissionIn(written), Narrow{named, named});
    }
    WeighTarget(weighing, query, passed);
}

List* OnlyNarrow(List* const (&writes)[2]) { return writes[false] == NIL ? writes[true] : list_difference_oid(writes[true], writes[false]); }

}    // namespace

NarrowWrites FindNarrowWrites(Query* query) {
    Weighing weighing = {};
    if (query->commandType != CMD_SELECT && query->commandType != CMD_UTILITY)
        WeighWrites(&weighing, query);
    ListCell* cell;
    foreach (cell, query->hasModifyingCTE ? query->cteList : NIL) {
        const Query* inner = castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery);
        if (inner->commandType != CMD_SELECT)
            WeighWrites(&weighing, inner);
    }
    return NarrowWrites{OnlyNarrow(weighing.updates), OnlyNarrow(weighing.deletes)};
}

}    // namespace warrant
