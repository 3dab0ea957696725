#include "core/ring_layout.hpp"

#include <initializer_list>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"
#include "pg/wait.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "queue/copies.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/replicated.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"

namespace warrant {

namespace {

Database* own_database = nullptr;

Database* OwnDatabase() {
    if (own_database == nullptr || own_database->oid != MyDatabaseId)
        own_database = FindDatabase(MyDatabaseId);
    return own_database;
}

core::RingState StateOf(const Database* database) { return core::RingState{database->head, database->tail, database->promised, RingCapacity()}; }

bool Fits(const Database* database, const EntryHeader* header) {
    uint64_t taken = database->subject_bytes[BucketOf(header->origin.session_user)];
    return core::HasRoom(StateOf(database), header->size, 0) && taken + core::Aligned(header->size) <= RingCapacity() / 8;
}

// Promises are kept for as long as statements and cursors are open: they must not shut out everything else.
bool Promise(Database* database) {
    uint64_t promise = core::Aligned(outcome_bytes);
    bool fits = core::HasRoom(StateOf(database), 0, outcome_bytes) && database->promised + promise <= RingCapacity() / 2;
    if (fits)
        database->promised += promise;
    return fits;
}

// Takes a promise back. A ring that began a new life since has forgotten its promises.
void TakeBackPromise(Database* database) {
    uint64_t promise = core::Aligned(outcome_bytes);
    database->promised -= database->promised < promise ? database->promised : promise;
}

void CopyEntry(Database* database, const EntryHeader* header, const EntryParts* parts) {
    core::RingWriter writer = {RingBytes(database), RingCapacity(), database->tail % RingCapacity()};
    core::Write(&writer, header, sizeof *header);
    core::Write(&writer, parts->policy_name, header->policy_name_size);
    core::Write(&writer, parts->columns, header->columns_size);
    core::Write(&writer, parts->action, header->action_size);
    core::Write(&writer, parts->arguments, header->arguments_size);
    core::Write(&writer, parts->text, header->text_size);
}

void Append(Database* database, const EntryHeader* header, const EntryParts* parts) {
    CopyEntry(database, header, parts);
    database->tail += core::Aligned(header->size);
    database->subject_bytes[BucketOf(header->origin.session_user)] += core::Aligned(header->size);
}

void CompleteHeader(EntryHeader* header, const EntryParts* parts) {
    header->policy_name_size = parts->policy_name_size;
    header->columns_size = parts->columns_size;
    header->action_size = parts->action_size;
    header->arguments_size = parts->arguments_size;
    header->text_size = parts->text_size;
    header->size = sizeof *header + parts->policy_name_size + parts->columns_size + parts->action_size + parts->arguments_size + parts->text_size;
    header->process = MyProcessIndex();
    header->serial = 0;
    if (!header->waits)
        return;
    header->serial = pg_atomic_fetch_add_u64(&shared->next_serial, 1);
    pg_atomic_write_u64(&MailboxOf(header->process)->ticket, Ticket(header->serial, TicketState::Queued));
}

[[noreturn]] void RaiseLocked() {
    ereport(ERROR, (errcode(error_unavailable), errmsg("cannot wait for the recorder while holding a lock that it needs"),
                    errdetail("This transaction holds a strong lock on a system catalogue or on a table of the extension."),
                    errhint("Run the statement in a transaction of its own.")));
}

bool Moved(uint64_t serial, TicketState from, TicketState to) {
    uint64_t expected = Ticket(serial, from);
    return pg_atomic_compare_exchange_u64(&MailboxOf(MyProcessIndex())->ticket, &expected, Ticket(serial, to));
}

// A taken entry cannot be withdrawn, only given up; not while the reply is being written, which takes a moment.
bool GiveUp(uint64_t serial) { return Moved(serial, TicketState::Taken, TicketState::GivenUp); }

bool IsDone(uint64_t serial) { return pg_atomic_read_u64(&MailboxOf(MyProcessIndex())->ticket) == Ticket(serial, TicketState::Done); }

bool MustStop();

// Waits until the synchronous standby has the commit. Nothing wakes the session then, so it looks again and again, less and less often. A failed
// action has changed nothing, and waits for no standby.
Waited WaitForStandby(const Reply* reply, int64 deadline) {
    constexpr long longest_nap_ms = 16;
    for (long nap_ms = 1; !reply->failed && !IsReplicated(reply->position); nap_ms = nap_ms < longest_nap_ms ? 2 * nap_ms : nap_ms) {
        if (MustStop() || SteadyNow() >= deadline)
            return Waited::NotReplicated;
        WaitOnLatch(WaitsFor::Standby, nap_ms);
        if (!MustStop())
            CHECK_FOR_INTERRUPTS();
    }
    return Waited::Done;
}

bool MustStop() { return InterruptPending && (QueryCancelPending || ProcDiePending) && InterruptHoldoffCount == 0; }

}    // namespace

bool HoldsLockAgainstRecorder() {
    LockData* locks = GetLockStatusData();
    constexpr LOCKMASK strong = LOCKMASK(0) - LOCKBIT_ON(RowExclusiveLock + 1);
    for (int i = 0; i < locks->nelements; i++) {
        const LockInstanceData& lock = locks->locks[i];
        if (lock.pid != MyProcPid || lock.locktag.locktag_type != LOCKTAG_RELATION || (lock.holdMask & strong) == 0)
            continue;
        Oid relation = lock.locktag.locktag_field2;
        if (relation < FirstNormalObjectId || (lock.locktag.locktag_field1 == MyDatabaseId && IsOwnRelation(relation)))
            return true;
    }
    return false;
}

Enqueued Enqueue(EntryHeader* header, const EntryParts* parts, bool* promise, bool from_promise) {
    Database* database = OwnDatabase();
    if (database == nullptr) {
        AskForRecorder(MyDatabaseId);    // a copy of a database that has the extension has had no recorder yet
        return Enqueued::NoRecorder;
    }
    CompleteHeader(header, parts);
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    if (from_promise)
        TakeBackPromise(database);
    bool fits = database->oid == MyDatabaseId && (from_promise ? core::HasRoom(StateOf(database), header->size, 0) : Fits(database, header));
    if (fits)
        Append(database, header, parts);
    if (promise != nullptr)
        *promise = *promise && fits && Promise(database);
    LWLockRelease(database->lock);
    if (!RecorderLives(database))    // it restarts by itself, unless it has stepped aside for a command that failed early
        AskLauncher(MyDatabaseId);
    if (!fits)
        return Enqueued::RingFull;
    WakeRecorder(database);
    return Enqueued::Yes;
}

void EnqueueEverywhere(EntryHeader* header, const EntryParts* parts) {
    bool told = false;
    header->waits = false;
    CompleteHeader(header, parts);
    for (int i = 0; i < shared->database_count; i++) {
        Database* database = &shared->databases[i];
        LWLockAcquire(database->lock, LW_EXCLUSIVE);
        Oid oid = database->oid;
        bool fits = OidIsValid(oid) && Fits(database, header);
        if (fits)
            Append(database, header, parts);
        LWLockRelease(database->lock);
        if (fits)
            WakeRecorder(database);
        else if (OidIsValid(oid))
            LogRowOf(oid, header, parts, "The queue of this database's recorder is full.");
        told = told || OidIsValid(oid);
    }
    if (!told)
        LogRow(header, parts, "No database has a recorder.");
}

bool TakePromise() {
    Database* database = OwnDatabase();
    if (database == nullptr)
        return false;
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    bool fits = Promise(database);
    LWLockRelease(database->lock);
    return fits;
}

// Naps while a ring is full. The recorder tells nobody that it has made room: who waits looks, less and less often. False when the time is over.
static bool NapForRoom(int64* deadline, WhileWaiting how, long* nap_ms, bool* looked) {
    constexpr long longest_nap_ms = 50;
    *deadline = *deadline == 0 ? SteadyNow() + settings.audit_timeout_ms * INT64CONST(1000) : *deadline;
    long left = MillisecondsUntil(*deadline);
    if (left <= 0 || (how == WhileWaiting::Stop && MustStop()))
        return false;
    if (how == WhileWaiting::Answer && !*looked && *nap_ms >= longest_nap_ms) {
        *looked = true;
        if (HoldsLockAgainstRecorder())
            RaiseLocked();
    }
    WaitOnLatch(WaitsFor::Room, left < *nap_ms ? left : *nap_ms);
    if (how == WhileWaiting::Answer)
        CHECK_FOR_INTERRUPTS();
    *nap_ms = *nap_ms * 2 < longest_nap_ms ? *nap_ms * 2 : longest_nap_ms;
    return true;
}

static pg_noinline Enqueued EnqueueWhenRoom(EntryHeader* header, const EntryParts* parts, bool* promise, bool wanted, int64* deadline,
                                            WhileWaiting how) {
    bool looked = false;
    long nap_ms = 1;
    Enqueued sent = Enqueued::RingFull;
    while (sent == Enqueued::RingFull && NapForRoom(deadline, how, &nap_ms, &looked)) {
        if (promise != nullptr)
            *promise = wanted;
        sent = Enqueue(header, parts, promise, false);
    }
    return sent;
}

Enqueued EnqueueInTime(EntryHeader* header, const EntryParts* parts, bool* promise, int64* deadline, WhileWaiting how) {
    bool wanted = promise != nullptr && *promise;
    Enqueued sent = Enqueue(header, parts, promise, false);
    return sent != Enqueued::RingFull ? sent : EnqueueWhenRoom(header, parts, promise, wanted, deadline, how);
}

bool Withdraw(uint64_t serial) { return Moved(serial, TicketState::Queued, TicketState::GivenUp); }

Waited WaitForReply(uint64_t serial, long until_ms, Reply* reply) {
    constexpr long look_at_locks_after_ms = 100;
    int64 begin = SteadyNow(), deadline = begin + until_ms * INT64CONST(1000);
    bool looked = false;
    while (!IsDone(serial)) {
        long left = MillisecondsUntil(deadline);
        if (MustStop() || left <= 0) {
            if (Withdraw(serial)) {
                CHECK_FOR_INTERRUPTS();
                return Waited::TimedOut;
            }
            if (GiveUp(serial))
                return Waited::InDoubt;
        }
        if (!looked && SteadyNow() - begin >= look_at_locks_after_ms * INT64CONST(1000)) {
            looked = true;
            if (HoldsLockAgainstRecorder() && Withdraw(serial))
                RaiseLocked();
        }
        long nap = looked || left < look_at_locks_after_ms ? left : look_at_locks_after_ms;
        WaitOnLatch(WaitsFor::Recorder, nap < 1 ? 1 : nap);
        if (!MustStop())
            CHECK_FOR_INTERRUPTS();
    }
    pg_read_barrier();
    *reply = MailboxOf(MyProcessIndex())->reply;
    return WaitForStandby(reply, deadline);
}

RingBatch FixBatch(Database* database) {
    LWLockAcquire(database->lock, LW_SHARED);
    RingBatch batch = {database->head, database->tail};
    LWLockRelease(database->lock);
    return batch;
}

// What is written must be text: an entry that is none would stop those behind it, or make the log unreadable.
static void CleanEntry(EntryHeader* entry) {
    const uint32_t sizes[] = {entry->policy_name_size, entry->columns_size, entry->action_size, entry->arguments_size, entry->text_size};
    char* next = reinterpret_cast<char*>(entry + 1);
    for (uint32_t size : sizes) {
        CleanText(next, int(size));
        next += size;
    }
    for (char* text : {entry->origin.authn_id, entry->origin.client_addr, entry->origin.application_name, NameStr(entry->fields.schema_name),
                       NameStr(entry->fields.relation_name)})
        CleanText(text, int(strlen(text)));
}

EntryHeader* ReadEntry(const Database* database, uint64_t position) {
    uint32_t size;
    core::CopyOut(RingBytes(database), RingCapacity(), position, &size, sizeof size);
    EntryHeader* entry = static_cast<EntryHeader*>(palloc(size));
    core::CopyOut(RingBytes(database), RingCapacity(), position, entry, size);
    CleanEntry(entry);
    return entry;
}

EntryParts PartsOf(const EntryHeader* header) {
    EntryParts parts;
    const char* next = reinterpret_cast<const char*>(header + 1);
    auto take = [&next](const char** piece, uint32_t* piece_size, uint32_t size) {
        *piece = next;
        *piece_size = size;
        next += size;
    };
    take(&parts.policy_name, &parts.policy_name_size, header->policy_name_size);
    take(&parts.columns, &parts.columns_size, header->columns_size);
    take(&parts.action, &parts.action_size, header->action_size);
    take(&parts.arguments, &parts.arguments_size, header->arguments_size);
    take(&parts.text, &parts.text_size, header->text_size);
    return parts;
}

void AdvanceHead(Database* database, uint64_t position, const uint64_t* freed_by_subject) {
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    database->head = position;
    for (int i = 0; i < subject_buckets; i++)
        database->subject_bytes[i] -= freed_by_subject[i];
    LWLockRelease(database->lock);
}

bool TakeEntry(const EntryHeader* header, int64_t* action_id) {
    if (!header->waits)
        return true;
    Mailbox* mailbox = MailboxOf(header->process);
    uint64_t ticket = pg_atomic_read_u64(&mailbox->ticket);
    if (ticket == Ticket(header->serial, TicketState::Taken)) {    // by a batch that failed, or whose recorder died
        *action_id = int64_t(pg_atomic_read_u64(&mailbox->action_id));
        return true;
    }
    if (ticket != Ticket(header->serial, TicketState::Queued))
        return header->stays;
    pg_atomic_write_u64(&mailbox->action_id, uint64_t(*action_id));
    uint64_t expected = Ticket(header->serial, TicketState::Queued);
    return pg_atomic_compare_exchange_u64(&mailbox->ticket, &expected, Ticket(header->serial, TicketState::Taken)) || header->stays;
}

void ReturnEntry(const EntryHeader* header) {
    uint64_t expected = Ticket(header->serial, TicketState::Taken);
    if (header->waits)
        (void)pg_atomic_compare_exchange_u64(&MailboxOf(header->process)->ticket, &expected, Ticket(header->serial, TicketState::Queued));
}

void AnswerEntry(const EntryHeader* header, const Reply* reply) {
    if (!header->waits)
        return;
    Mailbox* mailbox = MailboxOf(header->process);
    uint64_t expected = Ticket(header->serial, TicketState::Taken);
    if (!pg_atomic_compare_exchange_u64(&mailbox->ticket, &expected, Ticket(header->serial, TicketState::Writing)))
        return;
    mailbox->reply = *reply;
    pg_write_barrier();
    expected = Ticket(header->serial, TicketState::Writing);    // unless its backend has ended, or failed, and sent another entry since
    if (pg_atomic_compare_exchange_u64(&mailbox->ticket, &expected, Ticket(header->serial, TicketState::Done)))
        WakeProcess(header->process);
}

}    // namespace warrant
