#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "record/entry.hpp"
#include "record/replicated.hpp"
#include "record/shared.hpp"

namespace warrant {

Shared* shared = nullptr;

namespace {

Mailbox* mailboxes = nullptr;
char* rings = nullptr;

constexpr const char* tranche = "pg_warrant";

int ProcessCount() { return MaxBackends + NUM_AUXILIARY_PROCS; }

Size HeaderSize() { return MAXALIGN(offsetof(Shared, databases) + settings.max_databases * sizeof(Database)); }
Size MailboxesSize() { return MAXALIGN(mul_size(ProcessCount(), sizeof(Mailbox))); }
Size SharedSize() {
    return add_size(add_size(HeaderSize(), MailboxesSize()), mul_size(settings.max_databases, RingCapacity()));
}

void InitDatabase(Database* database, LWLock* lock) {
    database->lock = lock;    // never null meanwhile: it is read before it is held
    memset(reinterpret_cast<char*>(database) + offsetof(Database, oid), 0, sizeof *database - offsetof(Database, oid));
    if (!pg_strong_random(&database->ring_id, sizeof database->ring_id))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
    database->ring_id >>= 1;    // SQL's bigint has a sign
}

void Reset(Database* database) {
    LWLock* lock = database->lock;
    LWLockAcquire(lock, LW_EXCLUSIVE);
    InitDatabase(database, lock);
    LWLockRelease(lock);
}

void InitShared() {
    LWLockPadded* locks = GetNamedLWLockTranche(tranche);
    memset(shared, 0, HeaderSize());
    pg_atomic_init_u64(&shared->next_serial, 1);
    // Unique over restarts: no server runs a million statements a second for its whole life.
    pg_atomic_init_u64(&shared->next_statement, uint64_t(GetCurrentTimestamp()));
    pg_atomic_init_u32(&shared->launcher_process_plus_1, 0);
    pg_atomic_init_u32(&shared->waiters, 0);
    pg_atomic_init_u32(&shared->standby_mode, 0);
    PublishSynchronousCommit();
    shared->lock = &locks[0].lock;
    shared->database_count = settings.max_databases;
    for (int i = 0; i < rate_buckets; i++) {
        pg_atomic_init_u64(&shared->next_turn[i], 0);
        pg_atomic_init_u64(&shared->paid_at[i], 0);
    }
    for (int i = 0; i < shared->database_count; i++)
        InitDatabase(&shared->databases[i], &locks[i + 1].lock);
    for (int i = 0; i < ProcessCount(); i++) {
        pg_atomic_init_u64(&MailboxOf(i)->ticket, 0);
        pg_atomic_init_u64(&MailboxOf(i)->action_id, 0);
        pg_atomic_init_u32(&MailboxOf(i)->awaits, 0);
        MailboxOf(i)->connection.pid = 0;
    }
}

}    // namespace

uint64_t RingCapacity() { return uint64_t(settings.ring_size_kb) * 1024; }

Mailbox* MailboxOf(int process) { return mailboxes + process; }

char* RingBytes(const Database* database) { return rings + (database - shared->databases) * RingCapacity(); }

void RequestSharedMemory() {
    RequestAddinShmemSpace(add_size(MAXALIGN(ClockMemorySize()), SharedSize()));
    RequestNamedLWLockTranche(tranche, settings.max_databases + 1);
}

void CreateSharedMemory() {
    bool found;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    CreateClock();
    shared = static_cast<Shared*>(ShmemInitStruct("pg_warrant", SharedSize(), &found));
    mailboxes = reinterpret_cast<Mailbox*>(reinterpret_cast<char*>(shared) + HeaderSize());
    rings = reinterpret_cast<char*>(mailboxes) + MailboxesSize();
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

// The lock is held. More than fit are never forgotten.
static void ForgetSlotless(Oid oid) {
    if (shared->slotless_count > int(lengthof(shared->slotless)))
        return;
    for (int i = 0; i < shared->slotless_count; i++)
        if (shared->slotless[i] == oid)
            shared->slotless[i--] = shared->slotless[--shared->slotless_count];
}

void NoteSlotless(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    ForgetSlotless(oid);
    if (shared->slotless_count < int(lengthof(shared->slotless)))
        shared->slotless[shared->slotless_count++] = oid;
    else
        shared->slotless_count = lengthof(shared->slotless) + 1;
    LWLockRelease(shared->lock);
}

Database* ClaimDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Database* database = FindDatabase(oid);
    if (database == nullptr)
        database = FindDatabase(InvalidOid);
    bool mine = database != nullptr && database->recorder_pid == 0 && database->holds == 0;
    if (mine) {
        ForgetSlotless(oid);
        database->oid = oid;
        database->recorder_process = MyProcessIndex();
        database->recorder_pid = MyProcPid;
    }
    LWLockRelease(shared->lock);
    return mine ? database : nullptr;
}

bool ReserveDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Database* database = FindDatabase(oid) == nullptr ? FindDatabase(InvalidOid) : nullptr;
    if (database != nullptr)
        database->oid = oid;
    LWLockRelease(shared->lock);
    return database != nullptr;
}

// The lock is held.
static void FreeUnlessHeld(Database* database) {
    if (database->recorder_pid != 0 || database->holds > 0)
        return;
    WakeCourier(database);    // it sees that the slot is not its own any more
    Reset(database);
}

void ReleaseDatabase(Database* database, bool for_good) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    if (database->recorder_pid == MyProcPid) {
        database->ready = false;
        database->recorder_pid = 0;
        if (for_good)
            FreeUnlessHeld(database);
    }
    LWLockRelease(shared->lock);
}

void FreeSlot(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    if (Database* database = FindDatabase(oid))
        FreeUnlessHeld(database);
    LWLockRelease(shared->lock);
}

Database* ClaimCourier(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Database* database = FindDatabase(oid);
    bool mine = database != nullptr && database->courier_pid == 0 && database->holds == 0;
    if (mine) {
        database->courier_process = MyProcessIndex();
        database->courier_pid = MyProcPid;
    }
    LWLockRelease(shared->lock);
    return mine ? database : nullptr;
}

void ReleaseCourier(Database* database) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool mine = database->courier_pid == MyProcPid;
    if (mine)
        database->courier_pid = 0;
    pg_memory_barrier();
    bool needed = mine && database->has_webhooks && database->holds == 0;
    LWLockRelease(shared->lock);
    if (needed)    // again: the recorder saw this one and asked for no other
        AskLauncher(MyDatabaseId);
}

void FreeDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    ForgetSlotless(oid);
    Database* database = FindDatabase(oid);
    if (database != nullptr && database->recorder_pid == 0 && database->courier_pid == 0)
        Reset(database);
    shared->gone[shared->gone_count++ % lengthof(shared->gone)] = oid;
    LWLockRelease(shared->lock);
}

bool IsGone(Oid database) {
    bool gone = false;
    LWLockAcquire(shared->lock, LW_SHARED);
    for (Oid other : shared->gone)
        gone = gone || other == database;
    LWLockRelease(shared->lock);
    return gone;
}

bool IsHeld(Oid oid) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* database = FindDatabase(oid);
    bool held = database != nullptr && database->holds > 0;
    LWLockRelease(shared->lock);
    return held;
}

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

void AskLauncher(Oid database) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool known = false;
    for (int i = 0; i < shared->asked_count; i++)
        known = known || shared->asked[i] == database;
    if (!known && shared->asked_count < int(lengthof(shared->asked)))
        shared->asked[shared->asked_count++] = database;
    else if (!known)
        shared->look_at_all = true;
    LWLockRelease(shared->lock);
    uint32_t launcher = pg_atomic_read_u32(&shared->launcher_process_plus_1);
    if (launcher != 0)
        WakeProcess(int(launcher) - 1);
}

}    // namespace warrant
