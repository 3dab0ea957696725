// LOCK and TRUNCATE.
#include "pg/server.hpp"

#include "rules/installation.hpp"
#include "gate/access/access.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// A walk through the definition of a view.
struct ViewWalk {
    AccessList* list;
    LOCKMODE mode;
    // The user whose privileges the server looks at in the definition.
    Oid checked;
    // The views whose definitions lead here: one that leads back to itself is not followed again.
    List* above;
};

void NeedOfView(Oid oid, AccessList* list, LOCKMODE mode, Oid checked, List* above);

void RequireLock(Oid relation, LOCKMODE mode, Oid user) {
    if (pg_class_aclcheck(relation, user, PrivilegesToLock(mode)) != ACLCHECK_OK)
        aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
}

bool NeedOfDefinition(Node* node, void* argument) {
    ViewWalk* within = static_cast<ViewWalk*>(argument);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return WalkExpression(node, NeedOfDefinition, argument);
    Query* query = reinterpret_cast<Query*>(node);
    ListCell* cell;
    foreach (cell, query->rtable) {
        RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind != RTE_RELATION || list_member_oid(within->above, entry->relid) || strchr("rpv", entry->relkind) == nullptr)
            continue;
        RequireLock(entry->relid, within->mode, within->checked);
        Need(within->list, entry->relid, Command::Lock);
        if (entry->relkind == RELKIND_VIEW)
            NeedOfView(entry->relid, within->list, within->mode, within->checked, within->above);
    }
    return WalkQuery(query, NeedOfDefinition, argument, 0);
}

// LOCK of a view locks what its definition reads.
void NeedOfView(Oid oid, AccessList* list, LOCKMODE mode, Oid checked, List* above) {
    Relation view = table_open(oid, AccessShareLock);
    ViewWalk within = {list, mode, RelationHasSecurityInvoker(view) ? checked : view->rd_rel->relowner, lappend_oid(list_copy(above), oid)};
    (void)NeedOfDefinition(reinterpret_cast<Node*>(get_view_query(view)), &within);
    table_close(view, NoLock);
}

// What CASCADE adds: tables with foreign keys to those that are emptied.
List* WithReferencing(List* relations) {
    for (List* more; (more = heap_truncate_find_FKs(relations)) != NIL;)
        relations = list_concat(relations, more);
    return relations;
}

}    // namespace

static void NeedOfLock(Node* node, AccessList* list) {
    LockStmt* lock = reinterpret_cast<LockStmt*>(node);
    ListCell* cell;
    foreach (cell, lock->relations) {
        Oid relation = Resolve(lfirst_node(RangeVar, cell), lock->mode, PrivilegesToLock(lock->mode), lock->nowait ? RVR_NOWAIT : 0);
        if (lock->mode == AccessShareLock && IsOwnRelation(relation))
            continue;
        Need(list, relation, Command::Lock);
        if (get_rel_relkind(relation) == RELKIND_VIEW)
            NeedOfView(relation, list, lock->mode, GetUserId(), NIL);
    }
}

// The server tells of each table again when it is about to empty it.
static void NeedOfTruncate(Node* node, AccessList* list) {
    TruncateStmt* truncate = reinterpret_cast<TruncateStmt*>(node);
    List* relations = NIL;
    ListCell* cell;
    foreach (cell, truncate->relations) {
        Oid relation = Resolve(lfirst_node(RangeVar, cell), AccessExclusiveLock, ACL_TRUNCATE, 0);
        relations = list_append_unique_oid(relations, relation);
    }
    if (truncate->behavior == DROP_CASCADE)
        relations = WithReferencing(relations);
    foreach (cell, relations)
        RequireAnyOf(lfirst_oid(cell), ACL_TRUNCATE, get_rel_name(lfirst_oid(cell)));
    foreach (cell, relations)
        Need(list, lfirst_oid(cell), Command::Truncate);
}

// clang-format off
const UtilityRow lock_rows[] = {
    {"TRUNCATE TABLE", "TRUNCATE, of what CASCADE empties too", T_TruncateStmt, NeedOfTruncate},
    {"LOCK TABLE", "LOCK, of what a view reads too", T_LockStmt, NeedOfLock},
    {},
};
// clang-format on

}    // namespace warrant
