// The hooks: each body translates, asks the gate, calls on.
#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/in_frame.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "queue/dropped.hpp"
#include "queue/entry.hpp"
#include "statement/queued.hpp"
#include "statement/row_budgets.hpp"
#include "statement/start.hpp"
#include "statement/statement.hpp"
#include "statement/uses.hpp"
#include "gate/access/access.hpp"
#include "gate/access/analysis.hpp"
#include "gate/access/created.hpp"
#include "gate/access/plan_notes.hpp"
#include "gate/check/check.hpp"
#include "gate/check/concealed_errors.hpp"
#include "gate/check/identity.hpp"
#include "gate/check/refusal.hpp"
#include "gate/defence/cluster.hpp"
#include "gate/defence/databases.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/defence/replication.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/object_access.hpp"
#include "gate/utility/server_functions.hpp"
#include "gate/utility/utility.hpp"
#include "gate/call_units.hpp"
#include "gate/counted_rows.hpp"
#include "gate/fetch.hpp"
#include "gate/hooks.hpp"
#include "gate/kept_rows.hpp"
#include "gate/queries.hpp"

namespace warrant {

namespace {

ExecutorStart_hook_type previous_start;
ExecutorRun_hook_type previous_run;
ExecutorFinish_hook_type previous_finish;
ExecutorEnd_hook_type previous_end;
ExecutorCheckPerms_hook_type previous_check_perms;
ProcessUtility_hook_type previous_utility;
planner_hook_type previous_planner;
object_access_hook_type previous_object_access;

// The range table that ExecutorStart has just decided on; InitPlan asks about this range table again.
const List* decided_range_table = nullptr;

void OnExecutorStart(QueryDesc* query, int eflags) {
    if (rows_in_reach)
        PutRowsAside();
    BeginQuery(query);
    int acting = acting_before_start = acting_count;
    eflags |= CheckQuery(query, eflags);
    decided_range_table = query->plannedstmt->rtable;
    NoteStart(query);
    if ((eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0)
        NoteKeyActionStarts(query);
    previous_start(query, eflags);
    if (unlikely(starting_limits != nullptr))
        CountRowsOf(query);
    LeaveActing(acting);
}

pg_noinline void StartDeferred(QueryDesc* query) {
    CheckDeferred(query);
    if (starting_limits != nullptr)
        CountRowsOf(query);
}

// Leaves the frame of a query whose error would show one row more than it may read.
[[noreturn]] pg_noinline void FailOverBudget(Frame* frame, const RowBudget* over) {
    MemoryContext query_memory = frame->query->estate->es_query_cxt;
    LeaveFrame(frame);
    on_frame_left(frame, true);
    MemoryContextSwitchTo(query_memory);
    FlushErrorState();
    RaiseOverBudget(over);
}

// What InFrame does, written out: its call with a body takes a statement of no policy 50 instructions more.
void OnExecutorRun(WARRANT_RUN_PARAMETERS) {
    bool again = !IsFirstRun(query);
    Frame frame = {.kind = FrameKind::Run, .outer = current_frame, .query = query, .acting = acting_count};
    PG_TRY();
    {
        EnterFrame(&frame);
        if (IsDeferred(query))
            StartDeferred(query);
        else if (again)
            CheckBeforeRun(query);
        int told = query->plannedstmt->parallelModeNeeded ? TellWorkers() : -1;
        bool counted = unlikely(rows_counted) && IsCounted(query);
        Concealing(query, [=] { previous_run(WARRANT_RUN_ARGUMENTS(counted)); });
        if (told >= 0)
            TellWorkersAgain(told);
        if (query->dest->mydest == DestTuplestore)
            NoteKeptRows(query);
    }
    PG_CATCH();
    {
        if (const RowBudget* over = rows_counted ? ChargeFailure(query) : nullptr)
            FailOverBudget(&frame, over);
        FailFrame(&frame);
    }
    PG_END_TRY();
    EndFrame(&frame);
    CountRows(query, query->estate->es_processed);
}

pg_noinline void FinishInFrame(QueryDesc* query) {
    Frame frame = {.kind = FrameKind::Run, .query = query};
    InFrame(&frame, [query] {
        if (acting_count > 0)
            NoteDeferrable(PermissionsOf(query->plannedstmt), (query->estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0);
        Concealing(query, [query] { previous_finish(query); });
    });
}

// A query that only reads fires no triggers at its end, and needs no frame there, which takes 120 instructions.
void OnExecutorFinish(QueryDesc* query) {
    const PlannedStmt* plan = query->plannedstmt;
    if (plan->commandType == CMD_SELECT && !plan->hasModifyingCTE)
        previous_finish(query);
    else
        FinishInFrame(query);
    if (queued_count > 0 && (query->estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0)
        NoteKeyActionEnds(query);
}

void OnExecutorEnd(QueryDesc* query) {
    EndStatementOf(query);
    ForgetStart(query);
    previous_end(query);
    KeepHearingErrors();
}

// COPY of a table is met here: its relation is locked and resolved, and nothing has happened yet.
pg_noinline void CheckUndecided(List* permissions) {
    if (IsIntegrityProbe(permissions))
        return;
    if (acting_count > 0)
        NoteDeferrable(permissions, false);
    if (!GateIsPresent()) {
        CheckNewOwnTables(permissions);
        return;
    }
    CheckOwnTables(permissions);
    CheckPermissions(nullptr, permissions, PlanNotes{}, ExportsResult(CurrentUtility()));
    if (CurrentUtility() != nullptr && IsA(CurrentUtility(), CopyStmt))
        current_frame->concealed = FlagConcealed(permissions, NIL);
}

bool OnCheckPerms(WARRANT_CHECK_PERMS_PARAMETERS) {
    // Where both are NIL, there is nothing to decide.
    bool decided = decided_range_table == range_table;
    decided_range_table = nullptr;
    if (unlikely(!decided))
        CheckUndecided(WARRANT_CHECK_PERMS_LIST);
    return previous_check_perms(WARRANT_CHECK_PERMS_ARGUMENTS);
}

void OnUtility(PlannedStmt* plan, const char* source, bool read_only_tree, ProcessUtilityContext context, ParamListInfo params,
               QueryEnvironment* environment, DestReceiver* dest, QueryCompletion* completion) {
    // Left by a start that failed, it could be the address of another range table now.
    decided_range_table = nullptr;
    if (rows_in_reach)
        PutRowsAside();
    UtilityFrame frame;
    static_cast<Frame&>(frame) = {.kind = FrameKind::Utility,
                                  .utility = plan->utilityStmt,
                                  .source = {source, plan->stmt_location, plan->stmt_len},
                                  .query_id = uint64_t(plan->queryId)};
    frame.names = frame.unable = NIL;
    frame.decided = false;
    QueryCompletion unwanted = {};
    if (completion == nullptr)
        completion = &unwanted;    // rows are counted for ourselves as well
    InFrame(&frame, [&] {
        if (acting_count > 0 || told_workers > 0)
            (void)TellWorkers();
        if (IsA(plan->utilityStmt, TruncateStmt) && reinterpret_cast<TruncateStmt*>(plan->utilityStmt)->behavior == DROP_CASCADE)
            NoteTruncate();
        if (HasNames(plan->utilityStmt) && GateIsPresent()) {
            // Names will be pinned in the tree.
            plan = read_only_tree ? static_cast<PlannedStmt*>(copyObjectImpl(plan)) : plan;
            read_only_tree = false;
            frame.utility = plan->utilityStmt;
            DecideUtility(plan->utilityStmt, &frame.needed);
            frame.began = GetCurrentCommandId(false);
            frame.decided = true;
            frame.concealed = FlagChanged(&frame.needed);
        }
        if (IsA(plan->utilityStmt, FetchStmt)) {
            const FetchStmt* fetch = reinterpret_cast<FetchStmt*>(plan->utilityStmt);
            CheckPortal(&frame, fetch->portalname);
            if (GiveRowsBack(fetch))
                return;
        }
        if (IsA(plan->utilityStmt, DiscardStmt) && reinterpret_cast<DiscardStmt*>(plan->utilityStmt)->target == DISCARD_ALL)
            ForgetLastRefusal();
        WithClusterGuarded(plan->utilityStmt, context == PROCESS_UTILITY_TOPLEVEL, [&] {
            WithDatabaseHeld(plan->utilityStmt, [&] {
                Concealing(&frame, [&] { previous_utility(plan, source, read_only_tree, context, params, environment, dest, completion); });
            });
        });
        if (unlikely(copies_limited))
            ChargeCopied(&frame, completion->nprocessed);
        CheckHeldNames(&frame);
        CheckGranted(&frame);
        KeepHearingErrors();
        if (command_tag_display_rowcount(completion->commandTag))
            SetRows(frame.statement, completion->nprocessed);
    });
}

// What runs while a statement is planned (immutable functions) runs inside that statement.
PlannedStmt* OnPlanner(WARRANT_PLANNER_PARAMETERS) {
    Frame frame = {.kind = FrameKind::Planning,
                   .source = {source, parse->stmt_location, parse->stmt_len},
                   .params = params,
                   .query_id = uint64_t(parse->queryId)};
    PlannedStmt* plan = nullptr;
    InFrame(&frame, [&] {
        PlanNotes notes = NotesOf(parse);
        CheckBeforePlanning(parse, notes, frame.outer == nullptr ? nullptr : frame.outer->utility);
        ServedObjects objects = TakeServedObjects();
        // Parallel workers do not know what this transaction has created.
        if (HasCreated())
            cursor_options &= ~CURSOR_OPT_PARALLEL_OK;
        plan = previous_planner(WARRANT_PLANNER_ARGUMENTS);
        CheckUnitsOfCalls(parse, plan, source);
        Note(plan, notes);
        NoteServedObjects(plan, objects);
    });
    return plan;
}

// Meets accesses that change an object, or may reach one beside the gate; the other kinds come with every statement.
pg_noinline void OnRareAccess(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument) {
    previous_object_access(access, class_id, object, sub_id, argument);
    if (access == OAT_FUNCTION_EXECUTE) {
        if (MayReachBeside(object))
            CheckExecuted(object);
        return;
    }
    if (access == OAT_POST_CREATE && class_id == DatabaseRelationId)
        NoteCreatedDatabase(object);
    if (access == OAT_POST_CREATE && class_id == RelationRelationId && sub_id == 0)
        NoteCreated(object, static_cast<const ObjectAccessPostCreate*>(argument));
    if (access == OAT_DROP && class_id == RelationRelationId && sub_id == 0)
        CheckAuditStays(object);
    if (access == OAT_DROP && class_id == ExtensionRelationId && object == get_extension_oid(extension_name, true))
        NoteDrop();
    CheckObjectAccess(access, class_id, object, sub_id, argument);
}

void OnObjectAccess(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument) {
    // The expressions of an index have no other beginning.
    if (access == OAT_FUNCTION_EXECUTE && is_analysing)
        RefuseConstraint();
    if (access == OAT_FUNCTION_EXECUTE)
        NoteActing();
    bool usual = access == OAT_NAMESPACE_SEARCH || (access == OAT_FUNCTION_EXECUTE && StaysInside(object));
    if (usual)
        previous_object_access(access, class_id, object, sub_id, argument);
    else
        OnRareAccess(access, class_id, object, sub_id, argument);
}

// What the server does at a hook that nobody else has taken.
void StandardObjectAccess(ObjectAccessType, Oid, Oid, int, void*) {}
bool StandardCheckPerms(WARRANT_CHECK_PERMS_TYPES) { return true; }

// Chains without a branch at each call.
template <class Hook>
void Install(Hook* slot, Hook* previous, Hook standard, Hook ours) {
    *previous = *slot != nullptr ? *slot : standard;
    *slot = ours;
}

}    // namespace

void InstallHooks() {
    FollowFrames();
    CompareIdentities();
    Install<ExecutorStart_hook_type>(&ExecutorStart_hook, &previous_start, standard_ExecutorStart, OnExecutorStart);
    Install<ExecutorRun_hook_type>(&ExecutorRun_hook, &previous_run, standard_ExecutorRun, OnExecutorRun);
    Install<ExecutorFinish_hook_type>(&ExecutorFinish_hook, &previous_finish, standard_ExecutorFinish, OnExecutorFinish);
    Install<ExecutorEnd_hook_type>(&ExecutorEnd_hook, &previous_end, standard_ExecutorEnd, OnExecutorEnd);
    Install<ProcessUtility_hook_type>(&ProcessUtility_hook, &previous_utility, standard_ProcessUtility, OnUtility);
    Install<planner_hook_type>(&planner_hook, &previous_planner, standard_planner, OnPlanner);
    Install<ExecutorCheckPerms_hook_type>(&ExecutorCheckPerms_hook, &previous_check_perms, StandardCheckPerms, OnCheckPerms);
    Install<object_access_hook_type>(&object_access_hook, &previous_object_access, StandardObjectAccess, OnObjectAccess);
    InstallOwnTables();
    InstallQueued();
    InstallConcealedErrors();
    InstallReplication();
}

}    // namespace warrant
