// The launcher: one for the cluster, shared catalogues only. It starts a recorder in each database that may have the extension,
// one after another, and a courier beside it where there are webhooks, at the start and whenever a CREATE EXTENSION or the end of
// a hold asks for it; and a keeper in each, every hour.
#include <algorithm>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/replicated.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "workers/launcher.hpp"

namespace warrant {

namespace {

constexpr int restart_s = 1;
constexpr long keeper_interval_ms = 60 * 60 * 1000;

List* waiting = NIL;    // databases whose workers are still to be started

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

// A worker was started for a database last. The launcher's own memory.
struct Started {
    Started* next;
    Oid database;
    bool is_courier;
    BackgroundWorkerHandle* handle;
};

Started* all_started = nullptr;
bool slots_ran_out = false;

Started** FindStarted(Oid database, bool is_courier) {
    Started** link = &all_started;
    while (*link != nullptr && ((*link)->database != database || (*link)->is_courier != is_courier))
        link = &(*link)->next;
    return link;
}

// Whether the worker that was started last has not ended. One that ended and is to be started again after a while gives way to the next.
bool IsOnItsWay(Oid database, bool is_courier) {
    Started** link = FindStarted(database, is_courier);
    Started* started = *link;
    pid_t pid;
    if (started == nullptr)
        return false;
    if (GetBackgroundWorkerPid(started->handle, &pid) != BGWH_STOPPED)
        return true;
    TerminateBackgroundWorker(started->handle);
    *link = started->next;
    pfree(started->handle);
    pfree(started);
    return false;
}

void NoteStarted(Oid database, bool is_courier, BackgroundWorkerHandle* handle) {
    Started* started = static_cast<Started*>(MemoryContextAlloc(TopMemoryContext, sizeof(Started)));
    *started = Started{all_started, database, is_courier, handle};
    all_started = started;
}

bool RecorderIsThere(Oid database) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* slot = FindDatabase(database);
    bool there = slot != nullptr && RecorderLives(slot);
    LWLockRelease(shared->lock);
    return there || IsHeld(database);    // whoever holds it asks again
}

bool DatabaseExists(Oid database) {
    StartTransactionCommand();
    bool exists = SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database));
    CommitTransactionCommand();
    return exists;
}

// Waits until a recorder has told whether its database has the extension: it stays, or it has ended. Bounded, because a slow start of
// one database must not keep the others. A database that was dropped meanwhile would be tried every second for ever.
void AwaitRecorderStart(BackgroundWorkerHandle* handle, Oid database) {
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

// Starts a worker. Without a free slot it is tried for a long time: the log has a line when that begins, and one when it ends.
bool Start(const char* entry_point, const char* type, Oid database, int restart, BackgroundWorkerHandle** handle) {
    BackgroundWorker worker;
    Describe(&worker, entry_point, type, database, restart);
    worker.bgw_notify_pid = MyProcPid;
    MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    bool started = RegisterDynamicBackgroundWorker(&worker, handle);
    MemoryContextSwitchTo(caller);
    if (started && slots_ran_out)
        ereport(LOG, (errmsg("background worker slots are free again")));
    if (!started && !slots_ran_out)
        ereport(LOG, (errmsg("no background worker slot is free for \"%s\" of database %u", type, database),
                      errdetail("It is tried again until there is one."), errhint("Set \"max_worker_processes\" higher.")));
    slots_ran_out = !started;
    return started;
}

enum class Attempt { Done, OnItsWay, NoSlot };

Attempt StartRecorder(Oid database) {
    BackgroundWorkerHandle* handle;
    if (RecorderIsThere(database) || FindsNoSlot(database))
        return Attempt::Done;
    if (IsOnItsWay(database, false))
        return Attempt::OnItsWay;
    if (!Start("warrant_recorder_main", "pg_warrant recorder", database, restart_s, &handle))
        return Attempt::NoSlot;
    NoteStarted(database, false, handle);
    AwaitRecorderStart(handle, database);
    return Attempt::Done;
}

bool CourierIsMissing(Oid database) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* slot = FindDatabase(database);
    bool missing = slot != nullptr && slot->has_webhooks && !CourierLives(slot) && RecorderLives(slot);
    LWLockRelease(shared->lock);
    return missing && !IsHeld(database);
}

Attempt StartCourier(Oid database) {
    BackgroundWorkerHandle* handle;
    if (!CourierIsMissing(database))
        return Attempt::Done;
    if (IsOnItsWay(database, true))
        return Attempt::OnItsWay;
    if (!Start("warrant_courier_main", "pg_warrant courier", database, restart_s, &handle))
        return Attempt::NoSlot;
    NoteStarted(database, true, handle);
    return Attempt::Done;
}

Attempt StartWorkers(Oid database) {
    Attempt recorder = StartRecorder(database);
    return recorder == Attempt::Done ? StartCourier(database) : recorder;
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

// Adds what is asked for to what is waiting.
void TakeAsked(bool* all) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    for (int i = 0; i < shared->asked_count; i++)
        waiting = list_append_unique_oid(waiting, shared->asked[i]);
    shared->asked_count = 0;
    *all = *all || shared->look_at_all;
    shared->look_at_all = false;
    LWLockRelease(shared->lock);
}

// Waiting for a decision takes the latch's wake-ups: what was asked meanwhile shows only here.
bool IsAsked() {
    LWLockAcquire(shared->lock, LW_SHARED);
    bool asked = shared->asked_count > 0 || shared->look_at_all;
    LWLockRelease(shared->lock);
    return asked;
}

// Starts a keeper for each database. True when each found a worker slot.
bool StartKeepers() {
    bool all = true;
    for (int i = 0; i < shared->database_count; i++) {
        BackgroundWorkerHandle* handle;
        const Database* database = &shared->databases[i];
        if (!RecorderLives(database))
            continue;
        if (Start("warrant_keeper_main", "pg_warrant keeper", database->oid, BGW_NEVER_RESTART, &handle))
            pfree(handle);
        else
            all = false;
    }
    return all;
}

// Starts what is waiting; what cannot be started yet goes on waiting. False when a worker slot was missing.
bool StartWaiting() {
    List* databases = waiting;
    bool complete = true;
    ListCell* cell;
    waiting = NIL;
    foreach (cell, databases) {
        Attempt attempt = StartWorkers(lfirst_oid(cell));
        complete = complete && attempt != Attempt::NoSlot;
        if (attempt != Attempt::Done)
            waiting = list_append_unique_oid(waiting, lfirst_oid(cell));
    }
    list_free(databases);
    return complete;
}

void Leave(int, Datum) { pg_atomic_write_u32(&shared->launcher_process_plus_1, 0); }

int64 SteadyTimeIn(long milliseconds) { return SteadyNow() + milliseconds * INT64CONST(1000); }

// Whoever asks wakes the launcher, and every gated statement may ask: without a free worker slot that must not start another round.
[[noreturn]] void Launch() {
    constexpr long retry_ms = 1000, longest_retry_ms = 10000, keeper_retry_ms = 60000;
    int64 keepers_at = 0, retry_at = 0;    // in steady time
    long back_off_ms = 0;
    MemoryContextSwitchTo(TopMemoryContext);
    for (bool all = true;;) {
        PublishSynchronousCommit();
        TakeAsked(&all);
        if (back_off_ms == 0 || MillisecondsUntil(retry_at) <= 0) {
            if (all)
                waiting = list_concat_unique_oid(waiting, ConnectableDatabases(TopMemoryContext));
            all = false;
            bool complete = StartWaiting();
            back_off_ms = complete ? 0 : back_off_ms == 0 ? retry_ms : std::min(2 * back_off_ms, longest_retry_ms);
            retry_at = SteadyTimeIn(waiting == NIL ? 0 : std::max(back_off_ms, retry_ms));
            if (complete && !IsAsked())
                shared->looked_at_all = true;
        }
        if (MillisecondsUntil(keepers_at) <= 0)
            keepers_at = SteadyTimeIn(StartKeepers() ? keeper_interval_ms : keeper_retry_ms);
        long nap_ms = MillisecondsUntil(keepers_at);
        if (waiting != NIL)
            nap_ms = std::min(nap_ms, MillisecondsUntil(retry_at));
        if (back_off_ms == 0 && IsAsked())
            nap_ms = 0;
        Nap(nap_ms < 1 ? 1 : nap_ms);
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
