#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "pg/standby.hpp"
#include "pg/wait.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/setting_changes.hpp"
#include "queue/shared.hpp"

namespace warrant {

Shared* shared = nullptr;

namespace {

Mailbox* mailboxes = nullptr;
char* rings = nullptr;

constexpr const char* tranche = "pg_warrant";

Size HeaderSize() { return MAXALIGN(offsetof(Shared, databases) + settings.max_databases * sizeof(Database)); }
Size MailboxesSize() { return MAXALIGN(mul_size(ProcessCount(), sizeof(Mailbox))); }
Size SharedSize() { return add_size(add_size(HeaderSize(), MailboxesSize()), mul_size(settings.max_databases, RingCapacity())); }

void InitDatabase(Database* database, LWLock* lock) {
    AssignMark(int(database - shared->databases), InvalidOid);
    database->lock = lock;    // not cleared with the rest, and never null: others read the pointer before they hold the lock
    memset(reinterpret_cast<char*>(database) + offsetof(Database, oid), 0, sizeof *database - offsetof(Database, oid));
    if (!pg_strong_random(&database->ring_id, sizeof database->ring_id))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
    database->ring_id >>= 1;    // SQL's bigint has a sign
}

void InitShared() {
    LWLockPadded* locks = GetNamedLWLockTranche(tranche);
    memset(shared, 0, HeaderSize());
    pg_atomic_init_u64(&shared->next_serial, 1);
    // The number is unique over restarts: no server runs a million statements a second for its whole life. NumberAfter raises it, should the clock
    // be set back.
    TimestampTz now = GetCurrentTimestamp();
    pg_atomic_init_u64(&shared->next_number, now > 0 ? uint64_t(now) : 1);
    pg_atomic_init_u32(&shared->launcher_process_plus_1, 0);
    pg_atomic_init_u32(&shared->waiters, 0);
    pg_atomic_init_u32(&shared->standby_mode, WantedStandbyMode());
    pg_atomic_init_u64(&shared->lost, 0);
    shared->lock = &locks[0].lock;
    shared->database_count = settings.max_databases;
    for (int i = 0; i < rate_buckets; i++) {
        pg_atomic_init_u64(&shared->next_turn[i], 0);
        pg_atomic_init_u64(&shared->last_turn[i], 0);
    }
    for (int i = 0; i < shared->database_count; i++)
        InitDatabase(&shared->databases[i], &locks[i + 1].lock);
    for (int i = 0; i < ProcessCount(); i++) {
        pg_atomic_init_u64(&MailboxOf(i)->ticket, 0);
        pg_atomic_init_u64(&MailboxOf(i)->action_id, 0);
        pg_atomic_init_u32(&MailboxOf(i)->awaits, 0);
        MailboxOf(i)->connection.pid = 0;
        MailboxOf(i)->acting.pid = 0;
        MailboxOf(i)->visits = InvalidOid;
        MailboxOf(i)->visitor = 0;
    }
}

}    // namespace

int ProcessCount() { return MaxBackends + NUM_AUXILIARY_PROCS; }

void ResetDatabase(Database* database) {
    LWLock* lock = database->lock;
    LWLockAcquire(lock, LW_EXCLUSIVE);
    InitDatabase(database, lock);
    LWLockRelease(lock);
}

void NumberAfter(TimestampTz last_sealed_at) {
    uint64_t least = last_sealed_at > 0 ? uint64_t(last_sealed_at) + uint64_t(USECS_PER_SEC) : 1, next = pg_atomic_read_u64(&shared->next_number);
    while (next < least && !pg_atomic_compare_exchange_u64(&shared->next_number, &next, least))
        ;
}

uint64_t RingCapacity() { return uint64_t(settings.ring_size_kb) * 1024; }

Mailbox* MailboxOf(int process) { return mailboxes + process; }

char* RingBytes(const Database* database) { return rings + (database - shared->databases) * RingCapacity(); }

void RequestSharedMemory() {
    RequestAddinShmemSpace(add_size(add_size(MAXALIGN(ClockMemorySize()), MAXALIGN(SettingChangesSize())), SharedSize()));
    RequestNamedLWLockTranche(tranche, settings.max_databases + 1);
}

// Somebody has met a clock that was set back: the recorder follows before anything else.
static void WakeOwnRecorder() {
    const Database* database = FindDatabase(MyDatabaseId);
    if (database != nullptr && database->recorder_pid != MyProcPid)
        WakeRecorder(database);
}

void CreateSharedMemory() {
    bool found;
    on_clock_behind = WakeOwnRecorder;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    CreateClock();
    NameWaits();
    CreateSettingChanges();
    shared = static_cast<Shared*>(ShmemInitStruct("pg_warrant", SharedSize(), &found));
    mailboxes = reinterpret_cast<Mailbox*>(reinterpret_cast<char*>(shared) + HeaderSize());
    rings = reinterpret_cast<char*>(mailboxes) + MailboxesSize();
    place_for_workers = [](int process) { return &MailboxOf(process)->acting; };
    if (!found)
        InitShared();
    LWLockRelease(AddinShmemInitLock);
}

Database* FindDatabase(Oid oid) {
    for (int i = 0; i < shared->database_count; i++)
        if (shared->databases[i].oid == oid)
            return &shared->databases[i];
    return nullptr;
}

bool IsProcess(int process, pid_t pid) { return ProcGlobal->allProcs[process].procLatch.owner_pid == pid; }

bool RecorderLives(const Database* database) { return database->recorder_pid != 0 && IsProcess(database->recorder_process, database->recorder_pid); }

bool CourierLives(const Database* database) { return database->courier_pid != 0 && IsProcess(database->courier_process, database->courier_pid); }

void WakeProcess(int process) { SetLatch(&ProcGlobal->allProcs[process].procLatch); }

void WakeRecorder(const Database* database) {
    if (database->recorder_pid != 0)
        WakeProcess(database->recorder_process);
}

void WakeCourier(const Database* database) {
    if (database->courier_pid != 0)
        WakeProcess(database->courier_process);
}

void WakeThoseWhoAwait() {
    if (pg_atomic_read_u32(&shared->waiters) == 0)
        return;
    for (int i = 0; i < ProcessCount(); i++)
        if (pg_atomic_read_u32(&MailboxOf(i)->awaits) != 0)
            WakeProcess(i);
}

}    // namespace warrant
