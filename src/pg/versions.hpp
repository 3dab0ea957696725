// Every difference between the versions of the server, 15 to 19, and nothing else: the only header that asks PG_VERSION_NUM. What a version does
// otherwise has one name here, and the rest of the house does not know which server it is compiled for.
//
// server.hpp includes it behind the server's headers; nobody else does.
#pragma once

#ifndef POSTGRES_H
#error "include pg/server.hpp"
#endif

// On 15 this is empty, and -fvisibility=hidden would hide the functions that SQL calls.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

// What the hooks are called with, and what they call on with. A run that
// is alone may be one of several, in which parallel workers take no part.
#if PG_VERSION_NUM >= 180000
#define WARRANT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count
#define WARRANT_RUN_ARGUMENTS(alone) (query->already_executed |= (alone), query), direction, count
#else
#define WARRANT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count, bool execute_once
#define WARRANT_RUN_ARGUMENTS(alone) query, direction, count, execute_once && !(alone)
#endif

#if PG_VERSION_NUM >= 190000
#define WARRANT_PLANNER_PARAMETERS Query *parse, const char *source, int cursor_options, ParamListInfo params, ExplainState *explain
#define WARRANT_PLANNER_ARGUMENTS parse, source, cursor_options, params, explain
#else
#define WARRANT_PLANNER_PARAMETERS Query *parse, const char *source, int cursor_options, ParamListInfo params
#define WARRANT_PLANNER_ARGUMENTS parse, source, cursor_options, params
#endif

#if PG_VERSION_NUM >= 160000
#define WARRANT_CHECK_PERMS_PARAMETERS List *range_table, List *permissions, bool raise
#define WARRANT_CHECK_PERMS_ARGUMENTS range_table, permissions, raise
#define WARRANT_CHECK_PERMS_LIST permissions
#define WARRANT_CHECK_PERMS_TYPES List*, List*, bool
#else
#define WARRANT_CHECK_PERMS_PARAMETERS List *range_table, bool raise
#define WARRANT_CHECK_PERMS_ARGUMENTS range_table, raise
#define WARRANT_CHECK_PERMS_LIST range_table
#define WARRANT_CHECK_PERMS_TYPES List*, bool
#endif

namespace warrant {

// Memory that the server frees with a setting's value; nullptr when there is none. And all settings, sorted by name.
#if PG_VERSION_NUM >= 160000
inline void* SettingAlloc(size_t size) { return guc_malloc(LOG, size); }
inline config_generic** AllSettings(int* count) { return get_guc_variables(count); }
#else
inline void* SettingAlloc(size_t size) { return malloc(size); }
inline config_generic** AllSettings(int* count) { return *count = GetNumConfigOptions(), get_guc_variables(); }
#endif

// The index of this process in the server's process array, that of another, and the number of this backend's current transaction.
#if PG_VERSION_NUM >= 170000
inline int MyProcessIndex() { return MyProcNumber; }
inline int ProcessIndexOf(const PGPROC* process) { return GetNumberFromPGProc(process); }
inline LocalTransactionId MyTransactionNumber() { return MyProc->vxid.lxid; }
#else
inline int MyProcessIndex() { return MyProc->pgprocno; }
inline int ProcessIndexOf(const PGPROC* process) { return process->pgprocno; }
inline LocalTransactionId MyTransactionNumber() { return MyProc->lxid; }
#endif

// What pg_stat_activity shows of a wait under this name. May raise.
#if PG_VERSION_NUM >= 170000
inline uint32 NewWaitEvent(const char* name) { return WaitEventExtensionNew(name); }
#else
inline uint32 NewWaitEvent(const char*) { return PG_WAIT_EXTENSION; }
#endif

// The least level of what the server logs of this process.
#if PG_VERSION_NUM >= 190000
inline int LeastLogged() { return log_min_messages[MyBackendType]; }
inline void SetLeastLogged(int level) { log_min_messages[MyBackendType] = level; }
#else
inline int LeastLogged() { return log_min_messages; }
inline void SetLeastLogged(int level) { log_min_messages = level; }
#endif

// How the client proved who it is ("method:identity"), or nullptr.
inline const char* AuthenticatedIdentity() {
#if PG_VERSION_NUM >= 160000
    return MyClientConnectionInfo.authn_id;
#else
    return MyProcPort == nullptr ? nullptr : MyProcPort->authn_id;
#endif
}

inline IndexScanDesc BeginIndexScan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 190000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0, SO_NONE);
#elif PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

inline TableScanDesc BeginTableScan(Relation table, Snapshot snapshot) {
#if PG_VERSION_NUM >= 190000
    return table_beginscan(table, snapshot, 0, nullptr, SO_NONE);
#else
    return table_beginscan(table, snapshot, 0, nullptr);
#endif
}

// Puts a row in the place of another. The table has no index.
inline void ReplaceRow(Relation table, ItemPointer replaced, TupleTableSlot* row, Snapshot snapshot) {
#if PG_VERSION_NUM >= 160000
    TU_UpdateIndexes indexes;
#else
    bool indexes;
#endif
    simple_table_tuple_update(table, replaced, row, snapshot, &indexes);
}

// Enters a row that was just inserted into the open indexes of its table, none of which is unique.
inline void InsertIntoIndexes(ResultRelInfo* table, TupleTableSlot* row, EState* estate) {
#if PG_VERSION_NUM >= 190000
    (void)ExecInsertIndexTuples(table, estate, 0, row, NIL, nullptr);
#elif PG_VERSION_NUM >= 160000
    (void)ExecInsertIndexTuples(table, row, estate, false, false, nullptr, NIL, false);
#else
    (void)ExecInsertIndexTuples(table, row, estate, false, false, nullptr, NIL);
#endif
}

// How the callbacks of system caches are told which cache it is.
#if PG_VERSION_NUM >= 190000
using CacheNumber = SysCacheIdentifier;
#else
using CacheNumber = int;
#endif

// One more than the last CommandTag; 17 has no name for it.
inline constexpr int command_tags = 0
#define PG_CMDTAG(...) +1
#include "tcop/cmdtaglist.h"
#undef PG_CMDTAG
    ;

// Whether the tag is a statement's, which that of 17's event trigger for logins is not.
inline bool IsOfStatement([[maybe_unused]] CommandTag tag) {
#if PG_VERSION_NUM >= 170000
    return tag != CMDTAG_LOGIN;
#else
    return true;
#endif
}

// The server's tree walkers, whose callback has no parameters in C's eyes before 16.
using Walker = bool (*)(Node*, void*);

#if PG_VERSION_NUM >= 160000
inline bool WalkExpression(Node* node, Walker walker, void* context) { return expression_tree_walker(node, walker, context); }
inline bool WalkQuery(Query* query, Walker walker, void* context, int flags) { return query_tree_walker(query, walker, context, flags); }
#else
inline bool WalkExpression(Node* node, Walker walker, void* context) {
    return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
}
inline bool WalkQuery(Query* query, Walker walker, void* context, int flags) {
    return query_tree_walker(query, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context, flags);
}
#endif

// The same for the running plan.
using PlanStateWalker = bool (*)(PlanState*, void*);

#if PG_VERSION_NUM >= 160000
inline bool WalkPlanState(PlanState* state, PlanStateWalker walker, void* context) { return planstate_tree_walker(state, walker, context); }
#else
inline bool WalkPlanState(PlanState* state, PlanStateWalker walker, void* context) {
    return planstate_tree_walker(state, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
}
#endif

// The query that a function in FROM is, when the planner can put it in the function's place; or nullptr.
inline Query* InlineFunction(PlannerInfo* root, RangeTblEntry* entry) {
#if PG_VERSION_NUM >= 190000
    return inline_function_in_from(root, entry);
#else
    return inline_set_returning_function(root, entry);
#endif
}

// Of MERGE: what ON says, the entry of the rows that it is about, and whether an action is for those of them that a source row matches. 17 brought
// views as targets, and actions for rows that no source row matches.
#if PG_VERSION_NUM >= 170000
inline Node* JoinConditionOf(const Query* merge) { return merge->mergeJoinCondition; }
inline int MergedRowsOf(const Query* merge) { return merge->mergeTargetRelation; }
inline bool IsOfMatched(const MergeAction* action) { return action->matchKind == MERGE_WHEN_MATCHED; }
#else
inline Node* JoinConditionOf(const Query* merge) { return merge->jointree->quals; }
inline int MergedRowsOf(const Query* merge) { return merge->resultRelation; }
inline bool IsOfMatched(const MergeAction* action) { return action->matched; }
#endif

// Calls visit(relation) for each that the plan writes, partitions too.
template <class Visit>
inline void ForEachWritten(const PlannedStmt* plan, Visit visit) {
#if PG_VERSION_NUM >= 190000
    for (int i = -1; (i = bms_next_member(plan->resultRelationRelids, i)) >= 0;)
        visit(rt_fetch(i, plan->rtable)->relid);
#else
    ListCell* cell;
    foreach (cell, plan->resultRelations)
        visit(rt_fetch(lfirst_int(cell), plan->rtable)->relid);
#endif
}

// Whether triggers that fire after a statement run as whoever was the current user when their event came: since 18.
inline constexpr bool triggers_run_as_others = PG_VERSION_NUM >= 180000;

// CLUSTER, which 19 made a kind of REPACK.
#if PG_VERSION_NUM >= 190000
using Clustering = RepackStmt;
inline constexpr NodeTag clustering_node = T_RepackStmt;
inline RangeVar* ClusteredTable(const Clustering* statement) { return statement->relation == nullptr ? nullptr : statement->relation->relation; }
inline bool NeedsIndex(const Clustering* statement) { return statement->command == REPACK_COMMAND_CLUSTER || statement->usingindex; }
#else
using Clustering = ClusterStmt;
inline constexpr NodeTag clustering_node = T_ClusterStmt;
inline RangeVar* ClusteredTable(const Clustering* statement) { return statement->relation; }
inline bool NeedsIndex(const Clustering*) { return true; }
#endif

// ALTER COLUMN ... SET EXPRESSION, which 17 brought.
inline bool IsSetExpression([[maybe_unused]] const AlterTableCmd* command) {
#if PG_VERSION_NUM >= 170000
    return command->subtype == AT_SetExpression;
#else
    return false;
#endif
}

// ALTER CONSTRAINT ... ENFORCED, which 18 brought: it checks the rows.
inline bool IsEnforcement([[maybe_unused]] const AlterTableCmd* command) {
#if PG_VERSION_NUM >= 180000
    return command->subtype == AT_AlterConstraint && castNode(ATAlterConstraint, command->def)->alterEnforceability;
#else
    return false;
#endif
}

// The type that JSON_VALUE and its kin, which 17 brought, convert to without a node that says so; none for other nodes.
inline Oid JsonResultType([[maybe_unused]] const Node* node) {
#if PG_VERSION_NUM >= 170000
    return IsA(node, JsonExpr) ? reinterpret_cast<const JsonExpr*>(node)->returning->typid : InvalidOid;
#else
    return InvalidOid;
#endif
}

// Intervals can be infinite since 17.
inline bool IsInfinite([[maybe_unused]] const Interval* interval) {
#if PG_VERSION_NUM >= 170000
    return INTERVAL_NOT_FINITE(interval);
#else
    return false;
#endif
}

// What the server checks the privileges on one relation by: an entry of an own list since 16, the relation's entry of the range table before.
//
// CheckedEntryOf: the entry at a place of that list, and the one that a query has for a relation of its range table; nullptr where there is none.
// PermissionsOf: the list of a plan, and that of one query level before planning. EXCLUDED is the client's own row, and left out.
// RequirePrivilegesOf: the server's own check, which raises its own error.
#if PG_VERSION_NUM >= 160000
using CheckedEntry = RTEPermissionInfo;

inline const CheckedEntry* CheckedEntryOf(const ListCell* cell) { return lfirst_node(RTEPermissionInfo, cell); }

inline const CheckedEntry* CheckedEntryOf(const Query* query, const RangeTblEntry* entry) {
    if (entry->perminfoindex == 0 || entry->relkind == RELKIND_COMPOSITE_TYPE)
        return nullptr;
    return getRTEPermissionInfo(query->rteperminfos, const_cast<RangeTblEntry*>(entry));
}

// The server asks for SELECT on EXCLUDED since 16.
inline List* WithoutExcluded(List* permissions, const List* range_table) {
    List* kept = permissions;
    ListCell* cell;
    foreach (cell, range_table) {
        const RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->relkind == RELKIND_COMPOSITE_TYPE && entry->perminfoindex != 0)
            kept = list_delete_ptr(kept == permissions ? list_copy(kept) : kept, list_nth(permissions, entry->perminfoindex - 1));
    }
    return kept;
}

inline List* PermissionsOf(const PlannedStmt* plan) {
    if (plan->commandType != CMD_INSERT && !plan->hasModifyingCTE)
        return plan->permInfos;
    return WithoutExcluded(plan->permInfos, plan->rtable);
}

inline List* PermissionsOf(const Query* query) {
    return query->commandType == CMD_INSERT ? WithoutExcluded(query->rteperminfos, query->rtable) : query->rteperminfos;
}

inline void RequirePrivilegesOf(const PlannedStmt* plan) { (void)ExecCheckPermissions(plan->rtable, plan->permInfos, true); }
inline void RequirePrivilegesOf(const Query* query) { (void)ExecCheckPermissions(query->rtable, query->rteperminfos, true); }
#else
using CheckedEntry = RangeTblEntry;

inline const CheckedEntry* CheckedEntryOf(const Query*, const RangeTblEntry* entry) {
    return entry->rtekind == RTE_RELATION && entry->relkind != RELKIND_COMPOSITE_TYPE ? entry : nullptr;
}

inline const CheckedEntry* CheckedEntryOf(const ListCell* cell) { return CheckedEntryOf(nullptr, lfirst_node(RangeTblEntry, cell)); }

inline List* PermissionsOf(const PlannedStmt* plan) { return plan->rtable; }
inline List* PermissionsOf(const Query* query) { return query->rtable; }

inline void RequirePrivilegesOf(const PlannedStmt* plan) { (void)ExecCheckRTPerms(plan->rtable, true); }
inline void RequirePrivilegesOf(const Query* query) { (void)ExecCheckRTPerms(query->rtable, true); }
#endif

// OwnsObject: of the catalogues that the gate asks about.
// HasPrivilege: on a function, a schema or a database.
// MaySubscribe: may create subscriptions, as far as the role itself is asked.
// RequireMayGiveTo: raises the server's error when the role may not give something to the new owner.
// OnlyAdministers: a membership that only lets administer the role, as 16 gives it to whoever has created it.
#if PG_VERSION_NUM >= 160000
inline bool OwnsObject(Oid class_id, Oid object, Oid role) { return object_ownercheck(class_id, object, role); }
inline bool HasPrivilege(Oid class_id, Oid object, Oid role, AclMode privilege) {
    return object_aclcheck(class_id, object, role, privilege) == ACLCHECK_OK;
}
inline bool MaySubscribe(Oid role) { return has_privs_of_role(role, ROLE_PG_CREATE_SUBSCRIPTION); }
inline void RequireMayGiveTo(Oid role, Oid new_owner) { check_can_set_role(role, new_owner); }
inline bool OnlyAdministers(const FormData_pg_auth_members* membership) {
    return membership->admin_option && !membership->inherit_option && !membership->set_option;
}
#else
inline bool OwnsObject(Oid class_id, Oid object, Oid role) {
    switch (class_id) {
        case RelationRelationId: return pg_class_ownercheck(object, role);
        case ProcedureRelationId: return pg_proc_ownercheck(object, role);
        case NamespaceRelationId: return pg_namespace_ownercheck(object, role);
        case DatabaseRelationId: return pg_database_ownercheck(object, role);
        case ForeignServerRelationId: return pg_foreign_server_ownercheck(object, role);
        case TypeRelationId: return pg_type_ownercheck(object, role);
        case ExtensionRelationId: return pg_extension_ownercheck(object, role);
        case SubscriptionRelationId: return pg_subscription_ownercheck(object, role);
        case PublicationRelationId: return pg_publication_ownercheck(object, role);
        case EventTriggerRelationId: return pg_event_trigger_ownercheck(object, role);
        default: return superuser_arg(role);
    }
}
inline bool HasPrivilege(Oid class_id, Oid object, Oid role, AclMode privilege) {
    switch (class_id) {
        case ProcedureRelationId: return pg_proc_aclcheck(object, role, privilege) == ACLCHECK_OK;
        case NamespaceRelationId: return pg_namespace_aclcheck(object, role, privilege) == ACLCHECK_OK;
        case DatabaseRelationId: return pg_database_aclcheck(object, role, privilege) == ACLCHECK_OK;
        default: return superuser_arg(role);
    }
}
inline bool MaySubscribe(Oid role) { return superuser_arg(role); }
inline void RequireMayGiveTo(Oid role, Oid new_owner) { check_is_member_of_role(role, new_owner); }
inline bool OnlyAdministers(const FormData_pg_auth_members*) { return false; }
#endif

// What VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH and LOCK accept besides ownership, and from whom on whatever there is; 17 brought it.
// IsTakenByVacuum: whether VACUUM or ANALYZE with these options takes the relation; warns as it does when not.
#if PG_VERSION_NUM >= 170000
inline constexpr AclMode maintain_privilege = ACL_MAINTAIN;
inline bool MayMaintainAll(Oid role) { return has_privs_of_role(role, ROLE_PG_MAINTAIN); }
inline bool IsTakenByVacuum(Oid relation, Form_pg_class row, uint32 options) { return vacuum_is_permitted_for_relation(relation, row, options); }
#else
inline constexpr AclMode maintain_privilege = 0;
inline bool MayMaintainAll(Oid) { return false; }
inline bool IsTakenByVacuum(Oid relation, Form_pg_class row, uint32 options) { return vacuum_is_relation_owner(relation, row, options); }
#endif

// What LOCK asks for one of: reading allows the weakest lock, inserting the next ones, changing rows all of them.
inline AclMode PrivilegesToLock(LOCKMODE mode) {
    constexpr AclMode changing = ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | maintain_privilege;
#if PG_VERSION_NUM >= 160000
    return changing | (mode == AccessShareLock ? ACL_SELECT : 0) | (mode <= RowExclusiveLock ? ACL_INSERT : 0);
#else
    return mode == AccessShareLock ? ACL_SELECT : changing | (mode == RowExclusiveLock ? ACL_INSERT : 0);
#endif
}

// VACUUM and ANALYZE of a relation visit its partitions; since 18 also what inherits from it, unless it is named with ONLY.
inline bool VisitsDescendants([[maybe_unused]] const RangeVar* named, [[maybe_unused]] Oid relation) {
#if PG_VERSION_NUM >= 180000
    return named->inh;
#else
    return get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE;
#endif
}

}    // namespace warrant
