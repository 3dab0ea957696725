#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/permissions.hpp"
#include "pg/process.hpp"
#include "pg/rights.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "rules/subject.hpp"
#include "rules/two_phase.hpp"
#include "queue/shared.hpp"
#include "statement/queued.hpp"
#include "gate/access/analysis.hpp"
#include "gate/check/refusal_error.hpp"
#include "gate/defence/own_tables.hpp"

namespace warrant {

namespace {

int definition_depth = 0;
needs_fmgr_hook_type previous_needs_fmgr_hook = nullptr;
fmgr_hook_type previous_fmgr_hook = nullptr;

// Definition functions are the SECURITY DEFINER functions of our schemas; nobody else can create one there.
bool IsDefinitionFunction(Oid function) {
    if (function < FirstNormalObjectId || !IsTransactionState() || IsParallelWorker())
        return false;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    Form_pg_proc row = Form_pg_proc(GETSTRUCT(tuple));
    bool definer = row->prosecdef;
    Oid schema = row->pronamespace;
    ReleaseSysCache(tuple);
    return definer && IsOwnSchema(schema);
}

// Whether the function may be a trigger's that runs for others. Where the server switches users for a trigger, or fires one for others, no expression
// says that it begins.
bool IsTriggerOfOthers(Oid function) {
    return (triggers_run_as_others || MyProcPort == nullptr || AnyQueued()) && function >= FirstNormalObjectId && IsTransactionState() &&
           get_func_rettype(function) == TRIGGEROID;
}

bool NeedsFmgrHook(Oid function) {
    if (is_analysing)
        RefuseWhileAnalysing(function);
    if (previous_needs_fmgr_hook != nullptr && previous_needs_fmgr_hook(function))
        return true;
    return !is_own_worker && (IsDefinitionFunction(function) || IsTriggerOfOthers(function) || (AnyRechecks() && function >= FirstNormalObjectId));
}

// Where a trigger fires for others, the server asks whether the session may call the function.
void CheckMayDefine(Oid function) {
    const ActingUser* other = FindFiredWithout([function](Oid user) { return MayExecute(function, user); });
    if (other != nullptr)
        ereport(ERROR, (errcode(error_refused),
                        errmsg("permission denied for function %s.%s", get_namespace_name(get_func_namespace(function)), get_func_name(function)),
                        errdetail("%s", WhoActs(other) + 1)));
}

// The function that RunTrigger stands in for: only the call itself says for which table a trigger fires.
PGFunction trigger_function = nullptr;

Datum RunTrigger(PG_FUNCTION_ARGS) {
    PGFunction function = fcinfo->flinfo->fn_addr = trigger_function;
    if (CALLED_AS_TRIGGER(fcinfo))
        NoteFired(reinterpret_cast<const TriggerData*>(fcinfo->context));
    return function(fcinfo);
}

void AwaitTrigger(FmgrInfo* function) {
    trigger_function = function->fn_addr;
    function->fn_addr = RunTrigger;
}

void OnFunction(FmgrHookEventType event, FmgrInfo* function, Datum* note) {
    if (previous_fmgr_hook != nullptr)
        previous_fmgr_hook(event, function, note);
    // Inside a definition every call counts, so that the end, which may follow an error, needs no look at the catalogues.
    if (event == FHET_START) {
        bool definition = definition_depth > 0 || IsDefinitionFunction(function->fn_oid);
        EnterFunction(function->fn_oid, definition);
        definition_depth += definition;
        if (acting_count > 0 && definition_depth == 1 && definition)
            CheckMayDefine(function->fn_oid);
        if (AnyRechecks())
            NoteCalled();
        if (AnyQueued())
            AwaitTrigger(function);
    } else {
        // Because of an error the trigger did not run.
        if (function->fn_addr == RunTrigger)
            function->fn_addr = trigger_function;
        LeaveFunction();
        if (definition_depth > 0)
            definition_depth--;
    }
}

// Whether the relation is part of the audit log, told by names: while the extension is dropped, its catalogue rows go one after another.
bool IsPartOfAuditLog(Oid relation) {
    const char* schema = get_namespace_name(get_rel_namespace(relation));
    const char* name = get_rel_name(relation);
    constexpr char log[] = "audit_log";
    return schema != nullptr && strcmp(schema, schema_name) == 0 && strncmp(name, log, sizeof log - 1) == 0 &&
           get_rel_relkind(relation) == RELKIND_RELATION;
}

// Whether the table has more rows than so many.
bool HasMoreRows(Oid relation, int than) {
    Relation table = table_open(relation, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = BeginTableScan(table, snapshot);
    TupleTableSlot* slot = table_slot_create(table, nullptr);
    int count = 0;
    while (count <= than && table_scan_getnextslot(scan, ForwardScanDirection, slot))
        count++;
    bool found = count > than;
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(table, AccessShareLock);
    return found;
}

// The tables that pg_dump carries.
bool IsDumped(Oid relation) {
    const char* name = get_rel_name(relation);
    return name != nullptr &&
           (strcmp(name, "policies") == 0 || strcmp(name, "persons") == 0 || strcmp(name, "profiles") == 0 || strcmp(name, "webhooks") == 0);
}

// Whether a table of definitions is empty; that of policies always has its sentinel.
bool HoldsNoDefinitions(Oid relation) { return !HasMoreRows(relation, strcmp(get_rel_name(relation), "policies") == 0 ? 1 : 0); }

// Whether rows of the table weaken policies: who is one person says who may decide. A dump has the persons before its policies.
bool Weakens(Oid relation) {
    if (!settings.definition_approval || strcmp(get_rel_name(relation), "persons") != 0)
        return false;
    Oid policies = get_relname_relid("policies", get_rel_namespace(relation));
    return !OidIsValid(policies) || !HoldsNoDefinitions(policies);
}

bool AreSuperusers() {
    ActingUser other;
    return superuser_arg(CurrentSubject()) && !FindActorWithout(&other, CurrentSubject(), superuser_arg);
}

// Whether the relation may be restored: definitions that a dump carries go into tables that have none yet.
bool MayRestore(Oid relation) {
    if (!AreSuperusers())
        return false;
    const Node* utility = CurrentUtility();
    bool copied = utility != nullptr && IsA(utility, CopyStmt) && reinterpret_cast<const CopyStmt*>(utility)->is_from;
    return settings.allow_restore || (copied && IsDumped(relation) && HoldsNoDefinitions(relation) && !Weakens(relation));
}

// Whether the object comes with something else. The type of a relation's rows, or an array type, does, for instance with the file into which VACUUM
// FULL writes a table of ours. An index comes with its table, as when REINDEX CONCURRENTLY builds one of ours anew; a further index on a table of
// ours is refused elsewhere.
bool ComesAlong(Oid class_id, HeapTuple tuple) {
    if (class_id == RelationRelationId) {
        char kind = Form_pg_class(GETSTRUCT(tuple))->relkind;
        return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX;
    }
    if (class_id != TypeRelationId)
        return false;
    Form_pg_type row = Form_pg_type(GETSTRUCT(tuple));
    return row->typtype == TYPTYPE_COMPOSITE || row->typsubscript == F_ARRAY_SUBSCRIPT_HANDLER;
}

// The schema of ours that an object is in, by its row as this command has written it; InvalidOid when in none. *name keeps what it is called.
Oid OwnSchemaOf(Oid class_id, Oid object, char** name) {
    AttrNumber in_schema = is_objectclass_supported(class_id) ? get_object_attnum_namespace(class_id) : InvalidAttrNumber;
    if (in_schema == InvalidAttrNumber)
        return InvalidOid;
    Relation catalog = table_open(class_id, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, get_object_attnum_oid(class_id), BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
    SysScanDesc scan = systable_beginscan(catalog, get_object_oid_index(class_id), true, SnapshotSelf, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    bool is_null, comes = HeapTupleIsValid(tuple) && !ComesAlong(class_id, tuple);
    Oid schema = comes ? DatumGetObjectId(heap_getattr(tuple, in_schema, RelationGetDescr(catalog), &is_null)) : InvalidOid;
    if (!IsOwnSchema(schema))
        schema = InvalidOid;
    else
        *name = pstrdup(NameStr(*DatumGetName(heap_getattr(tuple, get_object_attnum_name(class_id), RelationGetDescr(catalog), &is_null))));
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return schema;
}

// The number of the log's last row, also where no recorder knows it.
uint64_t LastSeq() {
    Oid state = get_relname_relid("recorder_state", RequireInstallation()->schema);
    Relation table = table_open(state, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = BeginTableScan(table, snapshot);
    TupleTableSlot* slot = table_slot_create(table, nullptr);
    bool is_null = true;
    Datum last = table_scan_getnextslot(scan, ForwardScanDirection, slot) ? slot_getattr(slot, 1, &is_null) : Datum(0);
    uint64_t number = is_null ? 0 : uint64_t(DatumGetInt64(last));
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(table, AccessShareLock);
    return number;
}

// The transaction that discards the audit log with the extension.
LocalTransactionId discarding = InvalidLocalTransactionId;

}    // namespace

bool InsideDefinition() { return definition_depth > 0; }

bool IsOutermostDefinition() { return definition_depth == 1; }

bool IsUpdatingItself() { return creating_extension && CurrentExtensionObject == get_extension_oid(extension_name, true); }

void RefuseOwn(Oid schema, const char* name, const char* advice) {
    ereport(ERROR,
            (errcode(error_refused), errmsg("\"%s.%s\" belongs to the gate", get_namespace_name(schema), name),
             errdetail("Only its own functions and workers change it."), errhint("Use the functions of schema \"%s\".%s", schema_name, advice)));
}

void CheckOwnRelation(Oid relation) {
    if (InsideDefinition() || !IsOwnRelation(relation) || MayRestore(relation) || IsUpdatingItself())
        return;
    bool restores = IsDumped(relation) && superuser_arg(CurrentSubject());
    RefuseOwn(get_rel_namespace(relation), get_rel_name(relation),
              restores ? " A dump is copied into an extension without definitions, or with \"pg_warrant.allow_restore\" on." : "");
}

void CheckComesIn(Oid class_id, Oid object) {
    if (is_own_worker || IsUpdatingItself() || (settings.allow_restore && AreSuperusers()))
        return;
    // Other checks meet changes of our relations.
    bool was_ours = class_id == RelationRelationId && IsOwnRelation(object);
    char* name;
    Oid schema = OidIsValid(OwnSchema()) && !was_ours ? OwnSchemaOf(class_id, object, &name) : InvalidOid;
    if (OidIsValid(schema))
        RefuseOwn(schema, name);
}

void CheckAuditStays(Oid relation) {
    if (is_own_worker || !IsPartOfAuditLog(relation))
        return;
    KeepFromTwoPhase();
    if (discarding == MyTransactionNumber() || !HasMoreRows(relation, 0))
        return;
    ereport(ERROR, (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST), errmsg("cannot drop extension \"%s\" with its audit log", extension_name),
                    errdetail("Table \"%s.%s\" holds audit rows.", schema_name, get_rel_name(relation)),
                    errhint("Copy \"%s.audit_log\" and \"%s.audit_text\" to where you keep them; SELECT %s.discard_audit_log() in the same"
                            " transaction discards what is here.",
                            schema_name, schema_name, schema_name)));
}

uint64_t DiscardAuditLog() {
    discarding = MyTransactionNumber();
    return LastSeq();
}

void InstallOwnTables() {
    previous_needs_fmgr_hook = needs_fmgr_hook;
    needs_fmgr_hook = NeedsFmgrHook;
    previous_fmgr_hook = fmgr_hook;
    fmgr_hook = OnFunction;
}

void CheckOwnTables(List* permissions) {
    ForEachPermission(permissions, [](const Permission& permission) {
        if (permission.relation >= FirstNormalObjectId && (permission.required & ~ACL_SELECT) != 0)
            CheckOwnRelation(permission.relation);
    });
}

void CheckNewOwnTables(List* permissions) {
    if (extension_created_here)
        CheckOwnTables(permissions);
}

}    // namespace warrant
