// The one door to the server: every server header, and every difference between its versions.
//
// Server-side files are C with namespaces: plain structs, palloc, no destructor alive across an ereport (it is a longjmp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" {
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/relation.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/partition.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_database.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_shdepend.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_statistic_ext_data.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "commands/vacuum.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/hmac.h"
#include "common/int.h"
#include "common/ip.h"
#include "common/sha2.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "libpq/auth.h"
#include "libpq/libpq-be.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parse_coerce.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "parser/parsetree.h"
#include "parser/parse_relation.h"
#include "parser/scansup.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "rewrite/rewriteSupport.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/pmsignal.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/procsignal.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datetime.h"
#include "utils/elog.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/portal.h"
#include "utils/ps_status.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
#include "utils/varlena.h"
#include "utils/xid8.h"
}

// The server replaces these by macros, which would reach into the standard library's headers.
#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef strerror
#undef strerror_r
#undef Min
#undef Max

// On 15 this is empty, and -fvisibility=hidden would hide the functions that SQL calls.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

// An SQL-callable function: exported, with its version-1 record.
#define WARRANT_FUNCTION(name)                                 \
    extern "C" {                                               \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                  \
    PG_FUNCTION_INFO_V1(name);                                 \
    }                                                          \
    Datum name([[maybe_unused]] PG_FUNCTION_ARGS)

namespace warrant {

// One more than the last CommandTag; 17 has no name for it.
inline constexpr int command_tags = 0
#define PG_CMDTAG(...) +1
#include "tcop/cmdtaglist.h"
#undef PG_CMDTAG
    ;

// Not so the tag of 17's event trigger for logins.
inline bool IsOfStatement([[maybe_unused]] CommandTag tag) {
#if PG_VERSION_NUM >= 170000
    return tag != CMDTAG_LOGIN;
#else
    return true;
#endif
}

// The index of this process in the server's process array.
inline int MyProcessIndex() {
#if PG_VERSION_NUM >= 170000
    return MyProcNumber;
#else
    return MyProc->pgprocno;
#endif
}

// The same of the leader that a parallel worker works for, or -1.
inline int LeaderProcessIndex() {
    PGPROC* leader = IsParallelWorker() ? MyProc->lockGroupLeader : nullptr;
    if (leader == nullptr)
        return -1;
#if PG_VERSION_NUM >= 170000
    return GetNumberFromPGProc(leader);
#else
    return leader->pgprocno;
#endif
}

// The number of this backend's current transaction.
inline LocalTransactionId MyTransactionNumber() {
#if PG_VERSION_NUM >= 170000
    return MyProc->vxid.lxid;
#else
    return MyProc->lxid;
#endif
}

// The least level of what the server logs of this process.
inline int LeastLogged() {
#if PG_VERSION_NUM >= 190000
    return log_min_messages[MyBackendType];
#else
    return log_min_messages;
#endif
}

inline void SetLeastLogged(int level) {
#if PG_VERSION_NUM >= 190000
    log_min_messages[MyBackendType] = level;
#else
    log_min_messages = level;
#endif
}

// Whether it logs a level then: LOG ranks beside ERROR as what is logged, and beside FATAL as the setting.
inline bool IsLogged(int level, int least) {
    if (level == LOG || level == LOG_SERVER_ONLY)
        return least == LOG || least <= ERROR;
    return least == LOG ? level >= FATAL : level >= least;
}

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

// How the callbacks of system caches are told which cache it is.
#if PG_VERSION_NUM >= 190000
using CacheNumber = SysCacheIdentifier;
#else
using CacheNumber = int;
#endif

// The query that a function in FROM is, when the planner can put it in the function's place; or nullptr.
inline Query* InlineFunction(PlannerInfo* root, RangeTblEntry* entry) {
#if PG_VERSION_NUM >= 190000
    return inline_function_in_from(root, entry);
#else
    return inline_set_returning_function(root, entry);
#endif
}

// Whether triggers that fire after a statement run as whoever was the current user when their event came: since 18.
inline constexpr bool triggers_run_as_others = PG_VERSION_NUM >= 180000;

// CLUSTER, which 19 made a kind of REPACK.
#if PG_VERSION_NUM >= 190000
using Clustering = RepackStmt;
inline constexpr NodeTag clustering_node = T_RepackStmt;
inline RangeVar* ClusteredTable(const Clustering* statement) {
    return statement->relation == nullptr ? nullptr : statement->relation->relation;
}
inline bool NeedsIndex(const Clustering* statement) { return statement->command == REPACK_COMMAND_CLUSTER || statement->usingindex; }
#else
using Clustering = ClusterStmt;
inline constexpr NodeTag clustering_node = T_ClusterStmt;
inline RangeVar* ClusteredTable(const Clustering* statement) { return statement->relation; }
inline bool NeedsIndex(const Clustering*) { return true; }
#endif

// One relation of a statement and the privileges that the server checks on it.
struct Permission {
    Oid relation;
    Oid check_as_user;
    AclMode required;
    const Bitmapset* updated;    // columns that are assigned; without them the UPDATE bit means FOR UPDATE or FOR SHARE
};

#if PG_VERSION_NUM >= 160000
// Without EXCLUDED, which is the client's own row: the server asks for SELECT on it since 16.
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
#endif

// Intervals can be infinite since 17.
inline bool IsInfinite([[maybe_unused]] const Interval* interval) {
#if PG_VERSION_NUM >= 170000
    return INTERVAL_NOT_FINITE(interval);
#else
    return false;
#endif
}

// The list that ForEachPermission reads.
inline List* PermissionsOf(const PlannedStmt* plan) {
#if PG_VERSION_NUM >= 160000
    if (plan->commandType != CMD_INSERT && !plan->hasModifyingCTE)
        return plan->permInfos;
    return WithoutExcluded(plan->permInfos, plan->rtable);
#else
    return plan->rtable;
#endif
}

// The same before planning: the list of one query level.
inline List* PermissionsOf(const Query* query) {
#if PG_VERSION_NUM >= 160000
    return query->commandType == CMD_INSERT ? WithoutExcluded(query->rteperminfos, query->rtable) : query->rteperminfos;
#else
    return query->rtable;
#endif
}

// The server's own check of privileges, which raises its own error: of a plan, and of one level of an analysed query.
inline void RequirePrivilegesOf(const PlannedStmt* plan) {
#if PG_VERSION_NUM >= 160000
    (void)ExecCheckPermissions(plan->rtable, plan->permInfos, true);
#else
    (void)ExecCheckRTPerms(plan->rtable, true);
#endif
}

inline void RequirePrivilegesOf(const Query* query) {
#if PG_VERSION_NUM >= 160000
    (void)ExecCheckPermissions(query->rtable, query->rteperminfos, true);
#else
    (void)ExecCheckRTPerms(query->rtable, true);
#endif
}

// The server's tree walkers, whose callback has no parameters in C's eyes before 16.
using Walker = bool (*)(Node*, void*);

inline bool WalkExpression(Node* node, Walker walker, void* context) {
#if PG_VERSION_NUM >= 160000
    return expression_tree_walker(node, walker, context);
#else
    return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context);
#endif
}

inline bool WalkQuery(Query* query, Walker walker, void* context, int flags) {
#if PG_VERSION_NUM >= 160000
    return query_tree_walker(query, walker, context, flags);
#else
    return query_tree_walker(query, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker)), context, flags);
#endif
}

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

// Whether test(Permission) holds for each relation that the server checks privileges of; asks no further when it does not.
template <class Test>
inline bool AllPermissions(const List* permissions, Test test) {
    ListCell* cell;
    foreach (cell, permissions) {
#if PG_VERSION_NUM >= 160000
        RTEPermissionInfo* entry = lfirst_node(RTEPermissionInfo, cell);
#else
        RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind != RTE_RELATION || entry->relkind == RELKIND_COMPOSITE_TYPE)    // EXCLUDED is the client's own row
            continue;
#endif
        if (entry->requiredPerms != 0 && !test(Permission{entry->relid, entry->checkAsUser, entry->requiredPerms, entry->updatedCols}))
            return false;
    }
    return true;
}

// Calls visit(Permission) for each of them.
template <class Visit>
inline void ForEachPermission(const List* permissions, Visit visit) {
    (void)AllPermissions(permissions, [&visit](const Permission& permission) {
        visit(permission);
        return true;
    });
}

// The same for one level of an analysed query: visit(index in the range table, entry, Permission).
template <class Visit>
inline void ForEachPermission(const Query* query, Visit visit) {
    for (int i = 0; i < list_length(query->rtable); i++) {
        const RangeTblEntry* entry = list_nth_node(RangeTblEntry, query->rtable, i);
#if PG_VERSION_NUM >= 160000
        if (entry->perminfoindex == 0 || entry->relkind == RELKIND_COMPOSITE_TYPE)
            continue;
        const RTEPermissionInfo* checked = getRTEPermissionInfo(query->rteperminfos, const_cast<RangeTblEntry*>(entry));
#else
        if (entry->rtekind != RTE_RELATION || entry->relkind == RELKIND_COMPOSITE_TYPE)
            continue;
        const RangeTblEntry* checked = entry;
#endif
        if (checked->requiredPerms != 0)
            visit(i + 1, entry,
                  Permission{checked->relid, checked->checkAsUser, checked->requiredPerms, checked->updatedCols});
    }
}

inline bool Updates(const Permission& permission) { return !bms_is_empty(permission.updated); }

// Rows are written, not only locked.
inline bool Writes(const Permission& permission) {
    return (permission.required & (ACL_INSERT | ACL_DELETE)) != 0 || Updates(permission);
}

inline bool OwnsRelation(Oid relation, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(RelationRelationId, relation, role);
#else
    return pg_class_ownercheck(relation, role);
#endif
}

// What VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH and LOCK accept besides ownership; 17 brought it.
#if PG_VERSION_NUM >= 170000
inline constexpr AclMode maintain_privilege = ACL_MAINTAIN;
#else
inline constexpr AclMode maintain_privilege = 0;
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

inline bool MayMaintain(Oid relation, Oid role) {
    return OwnsRelation(relation, role) ||
           (maintain_privilege != 0 && pg_class_aclcheck(relation, role, maintain_privilege) == ACLCHECK_OK);
}

// May maintain whatever there is.
inline bool MayMaintainAll([[maybe_unused]] Oid role) {
#if PG_VERSION_NUM >= 170000
    return has_privs_of_role(role, ROLE_PG_MAINTAIN);
#else
    return false;
#endif
}

// Whether VACUUM or ANALYZE with these options takes the relation; warns as it does when not.
inline bool IsTakenByVacuum(Oid relation, Form_pg_class row, uint32 options) {
#if PG_VERSION_NUM >= 160000
    return vacuum_is_permitted_for_relation(relation, row, options);
#else
    return vacuum_is_relation_owner(relation, row, options);
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

inline bool OwnsFunction(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(ProcedureRelationId, function, role);
#else
    return pg_proc_ownercheck(function, role);
#endif
}

// The same for the catalogues that the gate asks about besides: servers, types, extensions, subscriptions, publications.
inline bool OwnsObject(Oid class_id, Oid object, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(class_id, object, role);
#else
    switch (class_id) {
        case ForeignServerRelationId: return pg_foreign_server_ownercheck(object, role);
        case TypeRelationId: return pg_type_ownercheck(object, role);
        case ExtensionRelationId: return pg_extension_ownercheck(object, role);
        case SubscriptionRelationId: return pg_subscription_ownercheck(object, role);
        case PublicationRelationId: return pg_publication_ownercheck(object, role);
        case EventTriggerRelationId: return pg_event_trigger_ownercheck(object, role);
        default: return superuser_arg(role);
    }
#endif
}

// May create subscriptions, as far as the role itself is asked.
inline bool MaySubscribe(Oid role) {
#if PG_VERSION_NUM >= 160000
    return has_privs_of_role(role, ROLE_PG_CREATE_SUBSCRIPTION);
#else
    return superuser_arg(role);
#endif
}

// Raises the server's error when the role may not give something to the new owner.
inline void RequireMayGiveTo(Oid role, Oid new_owner) {
#if PG_VERSION_NUM >= 160000
    check_can_set_role(role, new_owner);
#else
    check_is_member_of_role(role, new_owner);
#endif
}

inline bool MayCreateIn(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, ACL_CREATE) == ACLCHECK_OK;
#else
    return pg_namespace_aclcheck(schema, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

// May create schemas and publications here.
inline bool MayCreateInDatabase(Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(DatabaseRelationId, MyDatabaseId, role, ACL_CREATE) == ACLCHECK_OK;
#else
    return pg_database_aclcheck(MyDatabaseId, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

// May pass on the privilege to execute the function, or one on the schema.
inline bool MayExecute(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

inline bool MayGrantFunction(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, role, ACL_GRANT_OPTION_FOR(ACL_EXECUTE)) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, role, ACL_GRANT_OPTION_FOR(ACL_EXECUTE)) == ACLCHECK_OK;
#endif
}

inline bool MayGrantSchema(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, ACL_GRANT_OPTION_FOR(ACL_ALL_RIGHTS_SCHEMA)) == ACLCHECK_OK;
#else
    return pg_namespace_aclcheck(schema, role, ACL_GRANT_OPTION_FOR(ACL_ALL_RIGHTS_SCHEMA)) == ACLCHECK_OK;
#endif
}

inline bool OwnsSchema(Oid schema, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(NamespaceRelationId, schema, role);
#else
    return pg_namespace_ownercheck(schema, role);
#endif
}

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

inline bool OwnsDatabase(Oid database, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(DatabaseRelationId, database, role);
#else
    return pg_database_ownercheck(database, role);
#endif
}

// Whether the server lets the role connect to the database, where its limit of connections is not reached.
inline bool MayConnect(Oid database, Oid role) {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
    if (!HeapTupleIsValid(tuple))
        return false;
    Form_pg_database row = Form_pg_database(GETSTRUCT(tuple));
    bool closed = !row->datallowconn;
    ReleaseSysCache(tuple);
#if PG_VERSION_NUM >= 160000
    return !closed && object_aclcheck(DatabaseRelationId, database, role, ACL_CONNECT) == ACLCHECK_OK;
#else
    return !closed && pg_database_aclcheck(database, role, ACL_CONNECT) == ACLCHECK_OK;
#endif
}

// A membership that only lets administer the role, as 16 gives it to whoever has created it.
inline bool OnlyAdministers(const FormData_pg_auth_members* membership) {
#if PG_VERSION_NUM >= 160000
    return membership->admin_option && !membership->inherit_option && !membership->set_option;
#else
    (void)membership;
    return false;
#endif
}

#if PG_VERSION_NUM >= 180000
#define WARRANT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count
#define WARRANT_RUN_ARGUMENTS query, direction, count
#else
#define WARRANT_RUN_PARAMETERS QueryDesc *query, ScanDirection direction, uint64 count, bool execute_once
#define WARRANT_RUN_ARGUMENTS query, direction, count, execute_once
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

}    // namespace warrant
