// The launcher: one for the cluster, shared catalogues only. It starts a recorder in each database that may have the extension,
// one after another, and a courier beside it where there are webhooks, at the start and whenever a CREATE EXTENSION or the end of
// a hold asks for it; and a keeper in each, every hour.
#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "record/entry.hpp"
#include "record/replicated.hpp"
#include "record/shared.hpp"
#include "workers/launcher.hpp"

namespace warrant {

namespace {

constexpr int restart_s = 1;
constexpr long keeper_interval_ms = 60 * 60 * 1000;

void Describe(BackgroundWorker* worker, const char* entry_point, const char* type, Oid database, int restart) {
    memset(worker, 0, sizeof *worker);
    worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker->bgw_restart_time = restart;
    worker->bgw_main_arg = ObjectIdGetDatum(database);
    strlcpy(worker->bgw_library_name, "pg_warrant", BGW_MAXLEN);
    strlcpy(worker->bgw_function_name, entry_point, BGW_MAXLEN);
    strlcpy(worker->bgw_type, type, BGW_MAXLEN);
    if (OidIsValid(database))
        pg_snprintf(worker->bgw_name, BGW_MAXLEN, "%s %u", type, database);
    else
        strlcpy(worker->bgw_name, type, BGW_MAXLEN);
}

bool RecorderIsThere(Oid database) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* slot = FindDatabase(database);
    bool there = slot != nullptr && (slot->recorder_pid != 0 || slot->holds > 0);
    LWLockRelease(shared->lock);
    return there;
}

bool DatabaseExists(Oid database) {
    StartTransactionCommand();
    bool exists = SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database));
    CommitTransactionCommand();
    return exists;
}

// Waits until a recorder has told whether its database has the extension: it stays, or it has ended. Bounded, because a slow start of
// one database must not keep the others. A database that was dropped meanwhile would be tried every second for ever.
void WaitForVerdict(BackgroundWorkerHandle* handle, Oid database) {
    constexpr int naps = 100, nap_ms = 50;
    for (int nap = 0; nap < naps; nap++) {
        pid_t pid;
        if (RecorderIsThere(database))
            return;
        if (GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED) {
            if (!DatabaseExists(database))
                TerminateBackgroundWorker(handle);
            return;
        }
        Nap(nap_ms);
    }
}

bool Start(const char* entry_point, const char* type, Oid database, int restart, BackgroundWorkerHandle** handle) {
    BackgroundWorker worker;
    Describe(&worker, entry_point, type, database, restart);
    worker.bgw_notify_pid = MyProcPid;
    if (RegisterDynamicBackgroundWorker(&worker, handle))
        return true;
    ereport(LOG, (errmsg("no background worker slot is free for \"%s\" of database %u", type, database),
                  errhint("Set \"max_worker_processes\" higher.")));
    return false;
}

// False: no worker slot was free; to be tried again.
bool StartRecorder(Oid database) {
    BackgroundWorkerHandle* handle;
    if (RecorderIsThere(database))
        return true;
    if (!Start("warrant_recorder_main", "pg_warrant recorder", database, restart_s, &handle))
        return false;
    WaitForVerdict(handle, database);
    pfree(handle);
    return true;
}

bool CourierIsMissing(Oid database) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* slot = FindDatabase(database);
    bool missing = slot != nullptr && slot->has_webhooks && slot->courier_pid == 0 && slot->recorder_pid != 0 && slot->holds == 0;
    LWLockRelease(shared->lock);
    return missing;
}

// As long as it is missing it is not known whether one is on its way: a second one leaves at once.
bool StartCourier(Oid database) {
    BackgroundWorkerHandle* handle;
    if (!CourierIsMissing(database))
        return true;
    if (!Start("warrant_courier_main", "pg_warrant courier", database, restart_s, &handle))
        return false;
    pfree(handle);
    return true;
}

List* ConnectableDatabases(MemoryContext context) {
    List* found = NIL;
    StartTransactionCommand();
    Relation databases = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(databases, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection))) {
        Form_pg_database row = Form_pg_database(GETSTRUCT(tuple));
        if (!row->datallowconn)
            continue;
        MemoryContext caller = MemoryContextSwitchTo(context);
        found = lappend_oid(found, row->oid);
        MemoryContextSwitchTo(caller);
    }
    table_endscan(scan);
    table_close(databases, AccessShareLock);
    CommitTransactionCommand();
    return found;
}

List* TakeAsked(bool* all) {
    List* asked = NIL;
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    for (int i = 0; i < shared->asked_count; i++)
        asked = lappend_oid(asked, shared->asked[i]);
    shared->asked_count = 0;
    *all = *all || shared->look_at_all;
    shared->look_at_all = false;
    LWLockRelease(shared->lock);
    return asked;
}

// Waiting for a verdict takes the latch's wake-ups: what was asked meanwhile shows only here.
bool IsAsked() {
    LWLockAcquire(shared->lock, LW_SHARED);
    bool asked = shared->asked_count > 0 || shared->look_at_all;
    LWLockRelease(shared->lock);
    return asked;
}

void StartKeepers() {
    for (int i = 0; i < shared->database_count; i++) {
        BackgroundWorkerHandle* handle;
        const Database* database = &shared->databases[i];
        if (database->recorder_pid != 0 && Start("warrant_keeper_main", "pg_warrant keeper", database->oid, BGW_NEVER_RESTART, &handle))
            pfree(handle);
    }
}

void Leave(int, Datum) { pg_atomic_write_u32(&shared->launcher_process_plus_1, 0); }

[[noreturn]] void Launch() {
    MemoryContext round = AllocSetContextCreate(TopMemoryContext, "pg_warrant launcher", ALLOCSET_DEFAULT_SIZES);
    TimestampTz keepers_at = 0;
    bool all = true;
    long nap_ms = 0;
    for (;; Nap(nap_ms)) {
        PublishSynchronousCommit();
        MemoryContextSwitchTo(round);
        MemoryContextReset(round);
        List* databases = TakeAsked(&all);
        if (all)
            databases = ConnectableDatabases(round);
        MemoryContextSwitchTo(round);
        bool complete = true;
        ListCell* cell;
        foreach (cell, databases) {
            if (StartRecorder(lfirst_oid(cell)) && StartCourier(lfirst_oid(cell)))
                continue;
            complete = false;
            AskLauncher(lfirst_oid(cell));
        }
        all = false;
        if (complete && !IsAsked())
            shared->looked_at_all = true;
        if (GetCurrentTimestamp() >= keepers_at) {
            StartKeepers();
            keepers_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), keeper_interval_ms);
        }
        nap_ms = !complete ? 1000 * restart_s
                 : IsAsked() ? 0 : TimestampDifferenceMilliseconds(GetCurrentTimestamp(), keepers_at);
    }
}

}    // namespace

void RegisterLauncher() {
    BackgroundWorker worker;
    Describe(&worker, "warrant_launcher_main", "pg_warrant launcher", InvalidOid, restart_s);
    RegisterBackgroundWorker(&worker);
}

}    // namespace warrant

void warrant_launcher_main(Datum) {
    using namespace warrant;
    BeginWorker(InvalidOid, "pg_warrant launcher");
    before_shmem_exit(Leave, Datum(0));
    pg_atomic_write_u32(&shared->launcher_process_plus_1, uint32(MyProcessIndex()) + 1);
    Launch();
}
