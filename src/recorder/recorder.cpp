#include "core/ring_layout.hpp"

#include <algorithm>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "recorder/changes.hpp"
#include "recorder/clock_step.hpp"
#include "queue/copies.hpp"
#include "recorder/dropped.hpp"
#include "queue/entry.hpp"
#include "recorder/execute.hpp"
#include "queue/guards.hpp"
#include "queue/log_line.hpp"
#include "recorder/partitions.hpp"
#include "recorder/portions.hpp"
#include "queue/rate.hpp"
#include "recorder/recorder.hpp"
#include "recorder/refusals.hpp"
#include "queue/repeats.hpp"
#include "queue/replicated.hpp"
#include "queue/ring.hpp"
#include "recorder/seal.hpp"
#include "queue/setting_changes.hpp"
#include "queue/shared.hpp"
#include "recorder/stored_durations.hpp"

namespace warrant {

bool deliveries_queued = false;

namespace {

constexpr uint32_t careful_from = 3;        // the third try of a batch takes each entry alone
constexpr int most_entries = 1000;         // of a batch: bounds its transaction
constexpr int64 most_definitions = 1000;   // that one call of seal_definitions() seals
constexpr long longest_nap_ms = 5000;
constexpr long standby_nap_ms = 20;         // while something is to be notified
constexpr int64 definitions_every_us = 5000000;
constexpr int64 sweep_every_us = 1000000;  // when something changed

// One entry of the batch and what becomes of it.
struct Item {
    EntryHeader* entry;
    uint64_t end;               // the position behind it
    bool taken;
    bool folded;                // an outcome that went into its attempt's row
    const AuditFields* outcome; // folded into this attempt
    Reply reply;
};

// What is to be notified up to a row, once its commit is as safe as the configuration asks for.
struct Notice {
    int64_t until;
    XLogRecPtr position;
};

struct Recorder {
    Database* database;
    MemoryContext context;      // of a batch
    SealState sealed;           // as committed
    SealState working;          // of the batch under way
    uint64_t position;          // everything before it is committed
    bool installed;
    Oid extension;              // whose state this is
    bool restore_noted;
    uint64_t changes_noted;     // of the configuration, with the batch under way
    int settings_noted;         // which reading of the configuration the log knows
    bool acted;                 // in the batch: requests or grants may have changed
    TimestampTz sweep_at;
    int64 orphans_at;           // not to be looked for before, in steady time
    char place[200];            // where the sweep of orphans goes on; empty: no round is under way
    int64 round_us, latest_round_us;    // what it takes; -1: not known
    bool orphans;               // something may have been dropped that requests or grants need
    int64_t notified;           // rows up to here
    Notice due, latest;         // what comes while one is due waits for the next, so that a slow standby stops none
    int64 definitions_at;       // when to look unasked, in steady time: COMMIT PREPARED tells nobody
    bool looks, told;           // at definitions in this batch, and because somebody said that they have changed
    int64 wall_offset;          // of the wall clock that everything lives by
    bool offset_saved;
    Stretch partitions;         // what is known to have them
    bool durations_mended;
    bool takes_other_durations; // the extension is of an earlier release
    int count;
    Item* items;
    RingBatch batch;
    Retries retries;            // of batches
    Retries partition_retries;  // of what must be there before one: each has its own count, or the success of one would hide the failures of another
    Retries clock_retries;
};

Recorder self;

int64 FirstInt64(int column) {
    bool is_null;
    return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &is_null));
}

bool IsInstalled() { return OidIsValid(get_extension_oid(extension_name, true)); }

// With webhooks a courier is needed; a courier whose last webhook is gone leaves by itself.
void LookForWebhooks() {
    SPI_execute("SELECT FROM warrant.webhooks WHERE enabled AND warrant.is_home()", true, 1);
    self.database->has_webhooks = SPI_processed > 0;
    pg_memory_barrier();
    if (self.database->has_webhooks && !CourierLives(self.database))
        AskLauncher(self.database->oid);
}

// Numbers of statements and actions begin with the clock: where that was set back while the server was down, behind those that it gave before.
void NumberStatementsAfter(TimestampTz last_sealed_at) {
    uint64_t least = last_sealed_at > 0 ? uint64_t(last_sealed_at) + uint64_t(USECS_PER_SEC) : 1, next = pg_atomic_read_u64(&shared->next_statement);
    while (next < least && !pg_atomic_compare_exchange_u64(&shared->next_statement, &next, least))
        ;
}

void LoadClock() {
    self.wall_offset = LoadWallOffset(self.sealed.last_sealed_at);
    self.offset_saved = self.durations_mended = false;
    self.takes_other_durations = TakesOtherDurations();
    self.partitions = {0, 0};
    NumberStatementsAfter(self.sealed.last_sealed_at);
}

// What is loaded is of that extension from the end on: one that failed on the way is loaded again.
void LoadState() {
    Oid extension = get_extension_oid(extension_name, true);
    self.installed = OidIsValid(extension);
    if (!self.installed) {
        self.extension = extension;
        return;
    }
    self.database->dropped = false;
    SPI_execute("SELECT last_seq, ring_id, ring_position, last_sealed_at FROM warrant.recorder_state", true, 1);
    if (SPI_processed != 1)
        ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder's state is missing")));
    self.sealed = SealState{FirstInt64(1), TimestampTz(FirstInt64(4))};
    self.notified = self.sealed.last_seq;
    self.due = self.latest = Notice{};
    bool same_ring = uint64_t(FirstInt64(2)) == self.database->ring_id;
    self.position = same_ring ? uint64_t(FirstInt64(3)) : self.database->head;
    LoadClock();
    LookForWebhooks();
    ReadGuards(self.database);
    self.extension = extension;
}

void SaveState(uint64_t position) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID};
    Prepared(&plan, "UPDATE warrant.recorder_state SET last_seq = $1, last_sealed_at = $2, ring_id = $3, ring_position = $4", 4, types);
    Datum values[] = {Int64GetDatum(self.working.last_seq), TimestampTzGetDatum(self.working.last_sealed_at),
                      Int64GetDatum(int64(self.database->ring_id)), Int64GetDatum(int64(position))};
    SPI_execute_plan(plan, values, nullptr, false, 0);
}

void ReadBatch() {
    self.batch = FixBatch(self.database);
    self.items = static_cast<Item*>(palloc(most_entries * sizeof(Item)));
    self.count = 0;
    uint64_t position = self.batch.from;
    while (position < self.batch.until && self.count < most_entries) {
        Item* item = &self.items[self.count++];
        *item = Item{};    // the few that are there: replies are long
        item->entry = ReadEntry(self.database, position);
        position += core::Aligned(item->entry->size);
        item->end = position;
    }
    self.batch.until = position;
}

bool SameAccess(const AuditFields* a, const AuditFields* b) {
    return a->statement_id == b->statement_id && a->relation == b->relation && a->command == b->command && a->grant_id == b->grant_id &&
           a->policy_id == b->policy_id;
}

// An attempt that nobody waits for and its outcome in one batch become one row. An outcome's attempt is the nearest of its statement.
void FoldOutcomes() {
    constexpr int farthest = 64;
    for (int i = 0; i < self.count; i++) {
        const EntryHeader* outcome = self.items[i].entry;
        if (outcome->kind != EntryKind::Audit || outcome->fields.event != Event::Outcome)
            continue;
        for (int j = i - 1; j >= 0 && j >= i - farthest; j--) {
            const EntryHeader* attempt = self.items[j].entry;
            if (attempt->kind != EntryKind::Audit || attempt->waits || self.items[j].end <= self.position ||
                attempt->fields.event == Event::Outcome || !SameAccess(&attempt->fields, &outcome->fields))
                continue;
            self.items[j].outcome = &outcome->fields;
            self.items[i].folded = true;
            break;
        }
    }
}

bool IsAction(const Item* item) { return item->entry->kind == EntryKind::Action; }

// Committed by an earlier recorder, which did not live to answer.
void AnswerAgain(Item* item) {
    if (IsAction(item) && item->taken)
        RecallReply(int64(pg_atomic_read_u64(&MailboxOf(item->entry->process)->action_id)), &item->reply);
}

// What a subject can go on sending. Decisions that are made, and uses that are spent, are none.
bool IsAtWill(const EntryHeader* entry, const Reply* reply) {
    EntryParts parts = PartsOf(entry);
    auto is = [&parts](const char* name) { return parts.action_size == strlen(name) && memcmp(parts.action, name, parts.action_size) == 0; };
    return !is("spend") && (reply->failed || is("refuse") || is("request") || is("cancel") || is("ask_result"));
}

// A refusal of many portions is done as one; it is not kept.
void ProcessLargeRefusal(Item* item, int64_t action_id) {
    bool complete;
    EntryHeader* refusal = JoinPortions(item->entry, &complete);
    ExecuteAction(refusal, action_id, &item->reply);
    if (!complete)
        strlcpy(item->reply.answer, "the recorder was restarted meanwhile\nRun the statement again.", sizeof item->reply.answer);
}

// What was refused stands somewhere, whatever has failed.
void LogFailedRefusal(const Item* item) {
    EntryParts parts = PartsOf(item->entry);
    if (item->reply.failed)
        LogRow(item->entry, &parts, item->reply.message);
}

// A refusal keeps what was filed; everything else may change what a refusal's answer is.
void ProcessAction(Item* item, int64_t action_id) {
    WaitPoint("recorder_action");
    int64_t before = self.working.last_seq;
    self.acted = true;
    Spent spent_before = SpentSoFar();
    bool is_large = HasPortions(item->entry);
    if (is_large)
        ProcessLargeRefusal(item, action_id);
    else if (item->taken)
        ExecuteAction(item->entry, action_id, &item->reply);
    if (IsAtWill(item->entry, &item->reply))
        Charge(item->entry->origin.session_user, spent_before);
    if (IsRefusal(item->entry))
        LogFailedRefusal(item);
    if (is_large)
        CloseRepeats();
    else if (IsRefusal(item->entry))
        KeepRefusal(item->entry, &item->reply, before);
    else
        ForgetRefusals();
}

void SealRecord(const Item* item) {
    Spent spent_before = SpentSoFar();
    SealEntry(item->entry, item->outcome);
    Event event = item->entry->fields.event;
    if (event == Event::Refused || event == Event::IndirectAttempt)
        Charge(item->entry->origin.session_user, spent_before);
}

// Written already when it comes back true: what SQL would have answered is known. The sweep ends what expires.
bool ProcessRepeated(Item* item) {
    if (!IsAction(item) || MonotonicNow() >= self.sweep_at || !IsKeptRefusal(item->entry))
        return false;
    int64_t no_action = 0;
    item->taken = TakeEntry(item->entry, &no_action);
    Spent spent_before = SpentSoFar();
    if (item->taken)
        RepeatRefusal(item->entry, &item->reply);
    Charge(item->entry->origin.session_user, spent_before);
    return true;
}

void ProcessItem(Item* item) {
    const EntryHeader* entry = item->entry;
    bool committed = item->end <= self.position;
    if (IsPortion(entry)) {
        KeepPortion(entry);
        return;
    }
    if (!committed && ProcessRepeated(item))
        return;
    int64_t action_id = IsAction(item) && !committed ? NextActionId() : 0;
    item->taken = TakeEntry(entry, &action_id);
    if (committed)
        AnswerAgain(item);
    else if (IsAction(item))
        ProcessAction(item, action_id);
    else if (!item->folded && !CountAttempt(entry))
        SealRecord(item);
}

// Nobody would miss the row otherwise, nor hear of the action.
void LogRejected(const Item* item, const char* why) {
    const EntryHeader* entry = item->entry;
    EntryParts parts = PartsOf(entry);
    if (IsAction(item) ? !entry->waits || entry->stays : !item->folded)
        LogRow(entry, &parts, why);
    if (item->outcome == nullptr)
        return;
    EntryHeader outcome = *entry;
    outcome.fields = *item->outcome;
    LogRow(&outcome, &parts, why);
}

void Reject(Item* item, const char* why) {
    LogRejected(item, why);
    item->reply.failed = true;
    item->reply.is_null = true;
    item->reply.sqlstate = error_unavailable;
    strlcpy(item->reply.message, why, sizeof item->reply.message);
    ereport(LOG, (errmsg("the recorder rejects an entry of process %d", item->entry->origin.pid), errdetail("%s", why)));
}

// Runs work in a subtransaction. What it raises for a reason of its own is undone, and returned; nullptr when it has succeeded.
template <class Work>
const ErrorData* Alone(Work work) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    SealState before = self.working;
    ErrorData* volatile error = nullptr;
    BeginInternalSubTransaction("entry");
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        work();
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        if (IsTransient(geterrcode()) && !Mutant("transient"))
            PG_RE_THROW();
        MemoryContextSwitchTo(context);
        error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        self.working = before;
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return error;
}

// After a batch has failed: each entry alone, so that one that cannot be written does not stop the others.
void ProcessCarefully(Item* item) {
    constexpr uint32_t most_deaths = 2;
    Database* database = self.database;
    database->suspect_deaths = database->suspect == item->end ? database->suspect_deaths + 1 : 0;
    database->suspect = item->end;
    if (database->suspect_deaths >= most_deaths) {
        int64_t action_id = 0;
        item->taken = TakeEntry(item->entry, &action_id);
        Reject(item, "the entry ended the recorder before");
        return;
    }
    if (const ErrorData* error = Alone([item] { ProcessItem(item); })) {
        Reject(item, error->message);
        ReplyWithError(&item->reply, error);
    }
}

// What is to be done beside the entries must not stop them either.
void Beside(const char* what, void (*work)()) {
    if (self.database->failures < careful_from)
        return work();
    if (const ErrorData* error = Alone(work))
        ereport(LOG, (errmsg("the recorder leaves out %s", what), errdetail("%s", error->message)));
}

// Rows that definition functions left in their own transactions, as far as those are committed.
void SealDefinitions() {
    static SPIPlanPtr plan = nullptr, names = nullptr;
    if (!self.looks)
        return;
    self.orphans = self.orphans || self.told;    // a policy may have gone
    int64 sealed = 0;
    // What fails must stop neither the entries that sessions wait for nor the other: it is looked at again as if it were due.
    (void)InSubtransaction("definitions", [&sealed] {
        SPI_execute_plan(Prepared(&plan, "SELECT warrant.seal_definitions()", 0, nullptr), nullptr, nullptr, false, 1);
        sealed = FirstInt64(1);
    });
    bool kept = InSubtransaction("names", [&sealed] {
        SPI_execute_plan(Prepared(&names, "SELECT warrant.keep_names()", 0, nullptr), nullptr, nullptr, false, 1);
        sealed += FirstInt64(1);
    });
    if (!kept)
        NoteNamesLeft();
    LookForWebhooks();
    if (sealed == 0)
        return;
    self.acted = guards_changed = true;
    ForgetRefusals();
    if (sealed >= most_definitions) {    // the others come in batches of their own
        self.database->definitions_changed = true;
        SetLatch(MyLatch);
    }
}

// The library serves the previous release's script, too.
bool HasFunction(const char* name) {
    return OidIsValid(LookupFuncName(list_make2(makeString(pstrdup(schema_name)), makeString(pstrdup(name))), -1, nullptr, true));
}

// What the configuration says now of the gate, where that is not what the log knows: it was changed in the file, perhaps while the server was down.
void NoteSettings() {
    self.changes_noted = self.database->settings_noted;
    if ((self.settings_noted == configuration_reads && self.changes_noted == SettingChanges()) || !HasFunction("note_settings"))
        return;
    int reads = configuration_reads;
    Oid type = JSONBOID;
    Datum changes = DirectFunctionCall1(jsonb_in, CStringGetDatum(SettingChangesAsJson(self.database->settings_noted, &self.changes_noted)));
    SPI_execute_with_args("SELECT warrant.note_settings($1)", 1, &type, &changes, nullptr, false, 1);
    self.settings_noted = reads;
}

bool SweepIsDue() { return (self.orphans || self.place[0] != '\0') && SteadyNow() >= self.orphans_at; }

// Where the next portion is to begin; empty: the round is over, and the next comes when all together takes a hundredth of the time.
void EndPortion(int64 begin) {
    int64 took = SteadyNow() - begin;
    self.round_us += took;
    bool over = self.place[0] == '\0';
    self.orphans_at = SteadyNow() + (over ? 100 * self.round_us : 10 * took);
    if (!over)
        return;
    self.latest_round_us = self.round_us;
    self.round_us = 0;
}

void SweepPortion() {
    static SPIPlanPtr plan = nullptr;
    Oid type = TEXTOID;
    char null = self.place[0] == '\0' ? 'n' : ' ';
    Datum place = CStringGetTextDatum(self.place);
    SPI_execute_plan(Prepared(&plan, "SELECT warrant.sweep_orphans($1::jsonb)", 1, &type), &place, &null, false, 1);
    const char* next = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
    strlcpy(self.place, next == nullptr ? "" : next, sizeof self.place);
}

// Roles, relations and schemas come and go often: what they leave behind is looked for in portions, so seldom that looking takes a hundredth of the
// time. Where a round takes long, entries come first; under entries without end they wait for a portion every few seconds.
void SweepOrphans() {
    constexpr int64 quick_us = 20000;
    int64 begin = SteadyNow();
    if (!SweepIsDue() || !HasFunction("sweep_orphans"))
        return;
    bool is_long = self.latest_round_us < 0 || self.latest_round_us > quick_us;
    if (self.count > 0 && is_long && begin < self.orphans_at + definitions_every_us)
        return;
    if (self.place[0] == '\0')
        self.orphans = false;    // before the snapshot: what commits meanwhile sets it again
    AcceptInvalidationMessages();
    int64 before = self.working.last_seq;
    if (!InSubtransaction("orphans", SweepPortion)) {
        self.orphans = true;
        self.place[0] = '\0';
        begin -= definitions_every_us / 100;    // soon enough
    }
    EndPortion(begin);
    if (self.working.last_seq == before)
        return;
    self.acted = guards_changed = true;
    ForgetRefusals();
}

void OnCatalog(Datum, CacheNumber, uint32) { self.orphans = true; }

void ListenForDrops() {
    self.orphans = true;
    self.orphans_at = SteadyNow();
    self.latest_round_us = -1;
    CacheRegisterSyscacheCallback(AUTHOID, OnCatalog, Datum(0));
    CacheRegisterSyscacheCallback(RELOID, OnCatalog, Datum(0));
    CacheRegisterSyscacheCallback(NAMESPACEOID, OnCatalog, Datum(0));
}

// Closes what has expired; tells when the next does.
void Sweep() {
    TimestampTz now = MonotonicNow();
    bool soon = self.acted && self.sweep_at > now + sweep_every_us;
    if (soon)
        self.sweep_at = now + sweep_every_us;
    if (now < self.sweep_at)
        return;
    ForgetRefusals();
    static SPIPlanPtr plan = nullptr;
    self.sweep_at = now + definitions_every_us;    // if it fails
    (void)InSubtransaction("sweep", [] {
        SPI_execute_plan(Prepared(&plan, "SELECT warrant.sweep()", 0, nullptr), nullptr, nullptr, false, 1);
        bool is_null;
        Datum next = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
        self.sweep_at = is_null ? DT_NOEND : DatumGetTimestampTz(next);
    });
}

// While we nap, the extension can be dropped, and even be there again with a log of its own.
bool StillInstalled() {
    if (get_extension_oid(extension_name, true) == self.extension)
        return true;
    ForgetRefusals();
    DropRepeats();
    ForgetGuards();
    LoadState();
    self.working = self.sealed;
    self.sweep_at = self.definitions_at = 0;
    self.place[0] = '\0';
    self.orphans = true;
    return self.installed;
}

// An open door is in every log of the server's life.
void NoteRestore() {
    if (self.restore_noted || !settings.allow_restore)
        return;
    SPI_execute("SELECT warrant.seal('config_changed', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                "'pg_warrant.allow_restore is on')", false, 1);
}

// Once for all that looks at them in this batch, and before the snapshots of all: what commits meanwhile is told to the next one.
void BeginLook() {
    int64 now = SteadyNow();
    self.told = self.database->definitions_changed;
    self.looks = self.told || now >= self.definitions_at;
    if (!self.looks)
        return;
    self.database->definitions_changed = false;
    pg_memory_barrier();
    self.definitions_at = now + definitions_every_us;
}

// What an earlier release lets in is mended as soon as it is there, before it is used.
void MendStored() {
    if (self.looks && (self.takes_other_durations || !self.durations_mended))
        self.durations_mended = MendDurations();
}

void RunBatch() {
    if (!StillInstalled())
        return;
    self.acted = deliveries_queued = false;
    BeginRepeats(self.database->failures < careful_from);
    NoteRestore();
    NoteSettings();
    BeginLook();
    MendStored();
    Beside("definitions", SealDefinitions);
    MemoryContextSwitchTo(self.context);
    for (int i = 0; i < self.count; i++)
        if (self.database->failures < careful_from)
            ProcessItem(&self.items[i]);
        else
            ProcessCarefully(&self.items[i]);
    ForEachAbandoned([](EntryHeader* refusal) {
        Item item = {};
        item.entry = refusal;
        ExecuteAction(refusal, NextActionId(), &item.reply);
        LogFailedRefusal(&item);
    });
    Beside("the sweep of orphans", SweepOrphans);
    Beside("the sweep", Sweep);
    SealRepeats(false);
    SealTurnedAway(self.database);
    ReadGuards(self.database);
    if (self.working.last_seq != self.sealed.last_seq || self.count > 0)
        SaveState(self.batch.until > self.position ? self.batch.until : self.position);
    WaitPoint("recorder_before_commit");
}

void AnswerWaiters() {
    uint64_t freed[subject_buckets] = {};
    for (int i = 0; i < self.count; i++) {
        const EntryHeader* entry = self.items[i].entry;
        freed[BucketOf(entry->origin.session_user)] += core::Aligned(entry->size);
        self.items[i].reply.position = XactLastCommitEnd;
    }
    AdvanceHead(self.database, self.batch.until, freed);
    for (int i = 0; i < self.count; i++)
        AnswerEntry(self.items[i].entry, &self.items[i].reply);
}

// In a transaction of its own: a full notification queue must not stop the recorder. Nothing of it outlives a crash, so it waits for no disk.
void Notify(int64_t after_seq, int64_t until_seq) {
    (void)InTransaction("notifying", [after_seq, until_seq] {
        (void)set_config_option("synchronous_commit", "off", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
        static SPIPlanPtr plan = nullptr;
        Oid types[] = {INT8OID, INT8OID};
        Datum values[] = {Int64GetDatum(after_seq), Int64GetDatum(until_seq)};
        Prepared(&plan,
                 "SELECT pg_notify('warrant', json_build_object('event', l.event, 'request_id', l.request_id)::text) FROM warrant.audit_log l"
                 " WHERE (SELECT warrant.is_home()) AND l.seq > $1 AND l.seq <= $2 AND (l.event LIKE 'request\\_%' OR l.event LIKE 'grant\\_%') ORDER BY l.seq",
                 2, types);
        SPI_execute_plan(plan, values, nullptr, false, 0);
    });
}

bool IsDue() { return self.due.until > self.notified; }

void NotifyDue() {
    while (IsDue() && IsReplicated(self.due.position)) {
        Notify(self.notified, self.due.until);
        self.notified = self.due.until;
        self.due = self.latest;
    }
}

// The batch that was just committed has changed requests or grants.
void NotifyOf(int64_t after_seq) {
    self.latest = Notice{self.sealed.last_seq, XactLastCommitEnd};
    if (!IsDue()) {
        self.notified = after_seq;
        self.due = self.latest;
    }
    NotifyDue();
}

// The batch has failed and this recorder lives: it was no entry that ended it, and a cause that passes blames none.
void TakeBack() {
    self.database->suspect_deaths = 0;
    self.database->suspect = 0;
    self.database->tries = uint32_t(self.retries.count);
    if (IsTransient(self.retries.sqlstate) && !Mutant("transient"))
        self.database->failures--;
    for (int i = 0; i < self.count; i++)
        ReturnEntry(self.items[i].entry);
}

bool IsOurs() { return get_extension_oid(extension_name, true) == self.extension; }

// Nothing can be sealed at a moment that has no partition.
bool HavePartitions(TimestampTz now) {
    static Stretch found;
    found = {0, 0};
    bool done = InTransaction("keeping partitions", [now] {
        found = IsOurs() ? PartitionsAround(now) : Stretch{DT_NOBEGIN, DT_NOEND};
        if (found.from < found.until)
            return;
        KeepPartitions(now);
        found = PartitionsAround(now);
    }, &self.partition_retries);
    self.partitions = done ? found : Stretch{0, 0};
    return done;
}

// Durably, before anything else is decided: the mark comes down only when what lives ends earlier.
bool HaveClock(TimestampTz now, int64 offset, int64 step) {
    self.working = self.sealed;
    seal_state = &self.working;
    bool done = InTransaction("following the clock", [offset, step] {
        if (!IsOurs())
            return;
        if (step != 0)
            FollowStep(step);
        SaveWallOffset(offset);
        if (step != 0)
            SaveState(self.position);
    }, &self.clock_retries);
    seal_state = nullptr;
    if (!done)
        return false;
    self.sealed = self.working;
    self.database->last_seq = uint64_t(self.sealed.last_seq);
    self.wall_offset = offset;
    self.offset_saved = true;
    if (step != 0)
        self.sweep_at = 0;
    if (step < 0)
        LowerMark(now);
    return true;
}

// False when it is to be tried again.
bool KeepUpWithClock() {
    TimestampTz now = GetCurrentTimestamp();
    int64 offset = WallOffset(), step = ClockStep(self.wall_offset, offset, now);
    bool covered = (self.partitions.from <= now && now < self.partitions.until) || Mutant("partition_at_once");
    if (!self.installed || (covered && step == 0 && self.offset_saved))
        return true;
    return (covered || HavePartitions(now)) && ((step == 0 && self.offset_saved) || HaveClock(now, step == 0 ? self.wall_offset : offset, step));
}

// False when the batch failed.
bool DoBatch() {
    if (!KeepUpWithClock())
        return false;
    MemoryContextReset(self.context);
    MemoryContext caller = MemoryContextSwitchTo(self.context);
    ReadBatch();
    FoldOutcomes();
    self.working = self.sealed;
    seal_state = &self.working;
    self.database->failures++;
    bool done = InTransaction("recording", RunBatch, &self.retries);
    seal_state = nullptr;
    MemoryContextSwitchTo(caller);
    EndRepeats(done);
    EndChanges(done);
    EndPortions(done);
    EndTurnedAway(self.database, done);
    if (!done) {
        self.partitions = {0, 0};    // a moment without one may have been the reason
        self.durations_mended = false;
        self.definitions_at = 0;    // what it was told is not done
        ForgetRefusals();    // they may name requests that were rolled back
        self.orphans = true;
        self.place[0] = '\0';    // what it closed is open again
        self.settings_noted = 0;
        TakeBack();
        return false;
    }
    if (!self.installed)
        return true;
    int64_t before = self.sealed.last_seq;
    self.restore_noted = true;
    self.database->settings_noted = self.changes_noted;
    self.sealed = self.working;
    if (self.batch.until > self.position)
        self.position = self.batch.until;
    WaitPoint("recorder_after_commit");
    self.database->failures = self.database->start_failures = self.database->tries = 0;
    self.database->last_seq = uint64_t(self.sealed.last_seq);
    self.database->last_sealed_at = self.sealed.last_sealed_at;
    PublishGuards(self.database);
    AnswerWaiters();
    if (deliveries_queued)
        WakeCourier(self.database);
    if (self.acted)
        WakeThoseWhoAwait();
    if (self.acted)
        NotifyOf(before);
    return true;
}

// What is still counted when the recorder is told to end. Meanwhile it must not end.
void SealLeft() {
    if (!self.installed || RepeatsDue() == DT_NOEND || Mutant("seal_left"))
        return;
    ProcDiePending = InterruptPending = false;
    self.working = self.sealed;
    seal_state = &self.working;
    bool done = InTransaction("recording", [] {
        if (get_extension_oid(extension_name, true) != self.extension)
            return;
        SealRepeats(true);
        SaveState(self.position);
    });
    seal_state = nullptr;
    EndRepeats(done);
    ProcDiePending = InterruptPending = true;
}

// An exit waits for nothing, a lock least of all: no time limit ends that there. And an error at exit is fatal: what may raise stands in a
// callback of its own, before the one that leaves the slot.
void LogLeft(int, Datum) {
    EndRepeats(false);
    EndPortions(false);
    if (!self.installed || !PostmasterIsAlive())
        return;
    LogRepeats();
    LogPortions();
}

void Leave(int, Datum) {
    if (self.database != nullptr && !Mutant("slot_left"))
        ReleaseDatabase(self.database, !self.installed);
}

// Exit status 0 ends the worker for good; the launcher starts another when it is asked to. It did not fail to start.
[[noreturn]] void StepAside(Oid oid) {
    if (Database* database = FindDatabase(oid))
        database->start_failures = 0;
    proc_exit(0);
}

[[noreturn]] void LeaveCopy(Oid oid) {
    TurnAway(oid);
    ereport(LOG, (errmsg("database %u is a copy that no administrator of the gate owns: it has no recorder", oid),
                  errhint("A superuser can adopt it there: SELECT warrant.adopt().")));
    proc_exit(0);
}

// Until it succeeds.
template <class Work>
void Persist(Oid oid, const char* activity, Work work) {
    Retries retries;
    while (!InTransaction(activity, work, &retries)) {
        Nap(RetryNap(&retries));
        if (IsHeld(oid))
            StepAside(oid);
    }
}

// Without the extension, a slot or the right to come, this recorder ends for good.
void Claim(Oid oid) {
    if (!self.installed)
        FreeSlot(oid);    // of a recorder that ended before it saw that the extension was dropped
    else
        self.database = ClaimDatabase(oid);
    if (self.database != nullptr)
        return;
    bool slotless = self.installed && FindDatabase(oid) == nullptr && !IsHeld(oid);
    if (slotless)
        TurnAway(oid);
    if (slotless && NoteSlotless(oid))
        ereport(LOG, (errmsg("no slot is free for the recorder of database %u", oid), errhint("Set \"pg_warrant.max_databases\" higher.")));
    StepAside(oid);
}

void Start(Oid oid) {
    BeginSignals();
    AwaitStart(oid, &Database::start_failures);
    if (!Visit(oid))
        StepAside(oid);
    BeginWorker(oid, "pg_warrant recorder");
    is_over = IsDropped;
    at_begin = HoldExtension;
    self.context = AllocSetContextCreate(TopMemoryContext, "pg_warrant batch", ALLOCSET_DEFAULT_SIZES);
    static bool others_copy = false;
    Persist(oid, "starting", [] {
        self.installed = IsInstalled();
        others_copy = self.installed && IsCopyOfOthers();
    });
    if (others_copy && !IsAdmitted(oid))
        LeaveCopy(oid);
    before_shmem_exit(Leave, Datum(0));
    before_shmem_exit(LogLeft, Datum(0));
    before_end = SealLeft;
    WaitPoint("recorder_connected");
    Claim(oid);
    Persist(oid, "loading", LoadState);
    PublishGuards(self.database);
    PrepareActions();
    FollowSubtransactions();
    ListenForDrops();
}

[[noreturn]] void Record() {
    self.database->ready = true;
    for (;;) {
        if (!DoBatch())
            Nap(std::max({RetryNap(&self.retries), RetryNap(&self.partition_retries), RetryNap(&self.clock_retries)}));
        if (!self.installed || IsHeld(self.database->oid))
            StepAside(self.database->oid);
        NotifyDue();
        RingBatch batch = FixBatch(self.database);
        if (batch.from < batch.until)
            continue;
        long repeats_ms = MillisecondsUntil(RepeatsDue()), sweep_ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), self.sweep_at);
        if (self.orphans || self.place[0] != '\0')
            sweep_ms = std::min(sweep_ms, MillisecondsUntil(self.orphans_at));
        long nap_ms = repeats_ms < sweep_ms ? repeats_ms : sweep_ms, longest_ms = IsDue() ? standby_nap_ms : longest_nap_ms;
        Nap(nap_ms < 1 ? 1 : nap_ms > longest_ms ? longest_ms : nap_ms);
    }
}

}    // namespace

}    // namespace warrant

void warrant_recorder_main(Datum argument) {
    warrant::Start(DatumGetObjectId(argument));
    warrant::Record();
}
