#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "queue/setting_changes.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"

namespace warrant {

// Whether a command holds the database now. The shared lock is held.
static bool IsHeldNow(Oid oid) {
    for (int i = 0; i < shared->hold_count; i++)
        if (shared->holds[i].database == oid)
            return true;
    return false;
}

// The lock is held. Whoever ends the hold calls the workers back that came meanwhile.
static bool IsHeldAgainst(Oid oid) {
    for (int i = 0; i < shared->hold_count; i++)
        if (shared->holds[i].database == oid)
            shared->holds[i].turned_away = true;
    return IsHeldNow(oid);
}

// The lock is held. When more databases found no slot than fit, none of them is ever forgotten.
static void ForgetSlotless(Oid oid) {
    if (shared->slotless_count > int(lengthof(shared->slotless)))
        return;
    for (int i = 0; i < shared->slotless_count; i++)
        if (shared->slotless[i] == oid)
            shared->slotless[i--] = shared->slotless[--shared->slotless_count];
}

// The lock is held. When more databases found no slot than fit, any may be one of them.
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

// A log that begins now is not told what the configuration was before.
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

// Asks the launcher to look at the database. The shared lock is held.
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

// The lock is held. Databases that found no slot may find this one.
static void FreeForOthers(Database* database) {
    ResetDatabase(database);
    for (int i = 0; i < shared->slotless_count && i < int(lengthof(shared->slotless)); i++)
        Ask(shared->slotless[i]);
    if (shared->slotless_count > 0)
        WakeLauncher();
}

// Frees the slot, unless its recorder lives or a command holds the database. The shared lock is held.
static void FreeUnlessHeld(Database* database) {
    if (RecorderLives(database) || IsHeldNow(database->oid))
        return;
    WakeCourier(database);    // the courier sees that the slot is not its own any more, and ends
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
    Oid oid = database->oid;
    bool needed = mine && database->has_webhooks && !IsHeldNow(oid);
    LWLockRelease(shared->lock);
    if (needed)    // again: the recorder saw this one and asked for no other
        AskLauncher(oid);
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
    int naps = failed == 0 ? 0 : naps_a_second << (failed < most_doublings ? failed - 1 : most_doublings - 1);
    while (naps-- > 0 && !IsHeld(oid))
        Nap(1000 / naps_a_second);
}

bool WakeVisitors(Oid oid) {
    bool some = false;
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

void AskLauncher(Oid database) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    Ask(database);
    LWLockRelease(shared->lock);
    WakeLauncher();
}

}    // namespace warrant
