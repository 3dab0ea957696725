#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/replicated.hpp"
#include "queue/setting_changes.hpp"
#include "queue/shared.hpp"

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
    AssignMark(int(database - shared->databases), InvalidOid);
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
    // Unique over restarts: no server runs a million statements a second for its whole life. The recorder raises it, should the clock be set back.
    TimestampTz now = GetCurrentTimestamp();
    pg_atomic_init_u64(&shared->next_statement, now > 0 ? uint64_t(now) : 1);
    pg_atomic_init_u32(&shared->launcher_process_plus_1, 0);
    pg_atomic_init_u32(&shared->waiters, 0);
    pg_atomic_init_u32(&shared->standby_mode, 0);
    PublishSynchronousCommit();
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

bool RecorderLives(const Database* database) {
    return database->recorder_pid != 0 && (IsProcess(database->recorder_process, database->recorder_pid) || Mutant("slot_left"));
}

bool CourierLives(const Database* database) {
    return database->courier_pid != 0 && IsProcess(database->courier_process, database->courier_pid);
}

// The lock is held.
static bool IsHeldNow(Oid oid) {
    for (int i = 0; i < shared->hold_count; i++)
        if (shared->holds[i].database == oid)
            return true;
    return false;
}

// The lock is held. Whoever ends the hold calls those back who came meanwhile.
static bool IsHeldAgainst(Oid oid) {
    for (int i = 0; i < shared->hold_count; i++)
        if (shared->holds[i].database == oid)
            shared->holds[i].turned_away = true;
    return IsHeldNow(oid);
}

// The lock is held. More than fit are never forgotten.
static void ForgetSlotless(Oid oid) {
    if (shared->slotless_count > int(lengthof(shared->slotless)))
        return;
    for (int i = 0; i < shared->slotless_count; i++)
        if (shared->slotless[i] == oid)
            shared->slotless[i--] = shared->slotless[--shared->slotless_count];
}

// The lock is held. Of more than fit nobody knows.
static bool IsSlotless(Oid oid) {
    for (int i = 0; i < shared->slotless_count && i < int(lengthof(shared->slotless)); i++)
        if (shared->slotless[i] == oid)
            return true;
    return shared->slotless_count > int(lengthof(shared->slotless));
}

bool FindsNoSlot(Oid oid) {
    LWLockAcquire(shared->lock, LW_SHARED);
    bool none = IsSlotless(oid) && FindDatabase(oid) == nullptr && FindDatabase(InvalidOid) == nullptr;
    LWLockRelease(shared->lock);
    return none;
}

bool NoteSlotless(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool known = IsSlotless(oid);
    ForgetSlotless(oid);
    if (shared->slotless_count < int(lengthof(shared->slotless)))
        shared->slotless[shared->slotless_count++] = oid;
    else
        shared->slotless_count = lengthof(shared->slotless) + 1;
    LWLockRelease(shared->lock);
    return !known;
}

// What the configuration was before is not for the log of one that begins now.
static void BeginSlot(Database* database) {
    if (!OidIsValid(database->oid))
        database->settings_noted = SettingChanges();
}

Database* ClaimDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Database* database = FindDatabase(oid);
    if (database == nullptr)
        database = FindDatabase(InvalidOid);
    bool held = IsHeldAgainst(oid);
    bool mine = database != nullptr && !held && (!RecorderLives(database) || database->recorder_pid == MyProcPid);
    if (mine) {
        ForgetSlotless(oid);
        BeginSlot(database);
        database->ready = false;    // whatever a dead one has left
        database->oid = oid;
        AssignMark(int(database - shared->databases), oid);
        database->recorder_process = MyProcessIndex();
        database->recorder_pid = MyProcPid;
    }
    LWLockRelease(shared->lock);
    return mine ? database : nullptr;
}

bool ReserveDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Database* database = FindDatabase(oid) == nullptr ? FindDatabase(InvalidOid) : nullptr;
    if (database != nullptr) {
        BeginSlot(database);
        database->oid = oid;
        database->reserved_at = SteadyNow();
    }
    LWLockRelease(shared->lock);
    return database != nullptr;
}

// The lock is held.
static void Ask(Oid database) {
    bool known = false;
    for (int i = 0; i < shared->asked_count; i++)
        known = known || shared->asked[i] == database;
    if (!known && shared->asked_count < int(lengthof(shared->asked)))
        shared->asked[shared->asked_count++] = database;
    else if (!known)
        shared->look_at_all = true;
}

static void WakeLauncher() {
    uint32_t launcher = pg_atomic_read_u32(&shared->launcher_process_plus_1);
    if (launcher != 0)
        WakeProcess(int(launcher) - 1);
}

// The lock is held. Those who found no slot may find this one.
static void FreeForOthers(Database* database) {
    Reset(database);
    for (int i = 0; i < shared->slotless_count && i < int(lengthof(shared->slotless)); i++)
        Ask(shared->slotless[i]);
    if (shared->slotless_count > 0)
        WakeLauncher();
}

// The lock is held.
static void FreeUnlessHeld(Database* database) {
    if (RecorderLives(database) || IsHeldNow(database->oid))
        return;
    WakeCourier(database);    // it sees that the slot is not its own any more
    FreeForOthers(database);
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
    bool mine = database != nullptr && !CourierLives(database) && !IsHeldAgainst(oid);
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
    bool needed = mine && database->has_webhooks && !IsHeldNow(database->oid);
    LWLockRelease(shared->lock);
    if (needed)    // again: the recorder saw this one and asked for no other
        AskLauncher(MyDatabaseId);
}

void FreeDatabase(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    ForgetSlotless(oid);
    Database* database = FindDatabase(oid);
    if (database != nullptr && !RecorderLives(database) && !CourierLives(database))
        FreeForOthers(database);
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
    bool held = IsHeldNow(oid);
    LWLockRelease(shared->lock);
    return held;
}

bool BeginHold(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    if (shared->hold_count < int(lengthof(shared->holds)))    // others wait for the workers as for other sessions
        shared->holds[shared->hold_count++] = HeldDatabase{oid, false};
    bool gated = FindDatabase(oid) != nullptr;
    LWLockRelease(shared->lock);
    return gated;
}

void EndHold(Oid oid) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool missed = FindDatabase(oid) != nullptr;
    for (int i = 0; i < shared->hold_count; i++)
        if (shared->holds[i].database == oid) {
            missed = missed || shared->holds[i].turned_away;
            shared->holds[i] = shared->holds[--shared->hold_count];
            break;
        }
    LWLockRelease(shared->lock);
    if (missed)
        AskLauncher(oid);
}

bool Visit(Oid oid) {
    if (IsGone(oid))
        return false;
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool held = IsHeldAgainst(oid);
    Mailbox* mailbox = MailboxOf(MyProcessIndex());
    mailbox->visits = held ? InvalidOid : oid;
    mailbox->visitor = held ? 0 : MyProcPid;
    LWLockRelease(shared->lock);
    return !held;
}

void AwaitStart(Oid oid, uint32_t Database::*failures) {
    constexpr uint32_t most_doublings = 6;
    constexpr int naps_a_second = 10;
    Database* database = FindDatabase(oid);
    uint32_t failed = database == nullptr ? 0 : (database->*failures)++;
    int naps = failed == 0 || Mutant("start_back_off") ? 0 : naps_a_second << (failed < most_doublings ? failed - 1 : most_doublings - 1);
    while (naps-- > 0 && !IsHeld(oid))
        Nap(1000 / naps_a_second);
}

bool WakeVisitors(Oid oid) {
    bool some = false;
    if (Mutant("visitors_leave"))
        return false;
    LWLockAcquire(shared->lock, LW_SHARED);
    for (int i = 0; i < ProcessCount(); i++) {
        const Mailbox* mailbox = MailboxOf(i);
        if (mailbox->visits != oid || mailbox->visitor == 0 || !IsProcess(i, mailbox->visitor))
            continue;
        WakeProcess(i);
        some = true;
    }
    LWLockRelease(shared->lock);
    return some;
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
    Ask(database);
    LWLockRelease(shared->lock);
    WakeLauncher();
}

}    // namespace warrant
