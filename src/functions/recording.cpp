// SQL's view of the recorder, and the start and end of the extension in a database.
#include "pg/server.hpp"

#include <sys/stat.h>

#include "pg/clock.hpp"
#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"
#include "pg/transaction_end.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/two_phase.hpp"
#include "recorder/batch.hpp"
#include "recorder/changes.hpp"
#include "queue/entry.hpp"
#include "recorder/execute.hpp"
#include "recorder/kept_notices.hpp"
#include "queue/guards.hpp"
#include "recorder/partitions.hpp"
#include "recorder/script.hpp"
#include "queue/origin.hpp"
#include "recorder/seal.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"

namespace warrant {

namespace {

void RequireRecorder() {
    if (seal_state == nullptr)
        ereport(ERROR, (errcode(error_refused), errmsg("only the recorder seals rows")));
}

// What a transaction of ours has to tell when it has committed.
bool tell_launcher = false;
bool tell_recorder = false;
bool slot_reserved = false;

// Reserves the slot before the commit, so that what the commit makes public, and what comes right after it, has a place in the log.
void Reserve() { slot_reserved = tell_launcher && ReserveDatabase(MyDatabaseId); }

void OnTransaction(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT)
        Reserve();
    if (event == XACT_EVENT_ABORT && slot_reserved)
        FreeSlot(MyDatabaseId);
    bool committed = event == XACT_EVENT_COMMIT;
    if (!committed && event != XACT_EVENT_ABORT)
        return;
    Database* database = committed && tell_recorder ? FindDatabase(MyDatabaseId) : nullptr;
    if (database != nullptr) {
        NoteDefinitions(database);
        database->definitions_changed = true;
        pg_memory_barrier();
        WakeRecorder(database);
    }
    if (committed && tell_launcher) {
        if (Database* slot = FindDatabase(MyDatabaseId))
            slot->dropped = false;    // created anew before the recorder had left
        AskLauncher(MyDatabaseId);
    }
    tell_launcher = tell_recorder = slot_reserved = extension_created_here = false;
}

// Listens for the commit of the current transaction, which then has something to tell.
void ListenForCommit() {
    (void)ListenForEnds<OnTransaction>();
    KeepFromTwoPhase();
}

void PutItem(ReturnSetInfo* result, const char* item, char* value, const char* warning) {
    Datum values[3] = {CStringGetTextDatum(item), CStringGetTextDatum(value), warning == nullptr ? Datum(0) : CStringGetTextDatum(warning)};
    bool nulls[3] = {false, false, warning == nullptr};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// Whether a recorder is on its way: it has not come to its first batch, or has just been asked for.
bool IsStarting(const Database* database) {
    constexpr int64 patience_us = 10000000;
    return RecorderLives(database) || (OidIsValid(database->oid) && database->reserved_at != 0 && SteadyNow() - database->reserved_at < patience_us);
}

void PutRecorder(ReturnSetInfo* result, const Database* database, bool standby) {
    if (RecorderLives(database) && database->ready)
        return PutItem(result, "recorder", psprintf("running, pid %d", int(database->recorder_pid)),
                       database->tries > 1
                           ? psprintf("it cannot write the audit log: %u tries have failed, the server's log says why", database->tries)
                           : nullptr);
    if (!standby && database->start_failures < 2 && IsStarting(database))    // the one under way is counted
        return PutItem(result, "recorder", pstrdup("starting"), "gated statements are refused for this moment");
    PutItem(result, "recorder", pstrdup("not running"),
            standby ? nullptr : "gated statements are refused; check max_worker_processes and pg_warrant.max_databases");
}

void PutCourier(ReturnSetInfo* result, const Database* database, bool standby) {
    if (database->courier_problem[0] != '\0')
        return PutItem(result, "courier", pstrdup("not running"),
                       psprintf("no webhook is called, because the courier's library cannot be loaded: %s", CleanedText(database->courier_problem)));
    if (CourierLives(database))
        return PutItem(result, "courier", psprintf("running, pid %d", int(database->courier_pid)), nullptr);
    PutItem(result, "courier", pstrdup("not running"), standby ? nullptr : "no webhook is called; check max_worker_processes");
}

// Reports names in a setting that nothing bears: the configuration file may well have a name before there is something of that name.
void PutUnknownNames(ReturnSetInfo* result, const char* setting, const char* value, Oid (*find)(const char*, bool), const char* warning) {
    ListCell* cell;
    foreach (cell, NamesIn(value)) {
        char* name = static_cast<char*>(lfirst(cell));
        if (strcmp(name, "*") != 0 && !OidIsValid(find(name, true)))
            PutItem(result, setting, name, warning);
    }
}

// What is wrong with the secret file, without its path, which only superusers see.
const char* ProblemOfSecretFile() {
    struct stat state;
    if (stat(settings.secret_file, &state) != 0)
        return psprintf("the file cannot be used: %s", strerror(errno));
    return S_ISREG(state.st_mode) && (state.st_mode & 0177) == 0 ? nullptr
                                                                 : "the file cannot be used: it must be a regular one, of mode 0600 or less";
}

void PutSettings(ReturnSetInfo* result, bool has_webhooks) {
    PutUnknownNames(result, "pg_warrant.admin_roles", settings.admin_roles, get_role_oid, "there is no such role");
    PutUnknownNames(result, "pg_warrant.pool_roles", settings.pool_roles, get_role_oid, "there is no such role");
    PutUnknownNames(result, "pg_warrant.replication_roles", settings.replication_roles, get_role_oid, "there is no such role");
    PutUnknownNames(result, "pg_warrant.required_databases", settings.required_databases, get_database_oid, "there is no such database");
    if (settings.default_duration_s > settings.max_duration_s)
        PutItem(result, "pg_warrant.default_duration", psprintf("%d s", settings.default_duration_s),
                "more than pg_warrant.max_duration, to which it is cut");
    bool is_set = settings.secret_file != nullptr && settings.secret_file[0] != '\0';
    const char* problem = is_set ? ProblemOfSecretFile() : has_webhooks ? "the webhooks have no keys" : nullptr;
    if (problem != nullptr)
        PutItem(result, "pg_warrant.secret_file", pstrdup(is_set ? "set" : "not set"), problem);
}

// The version of the extension here when the library is of another; nullptr when they are the same.
const char* OtherVersion() {
    Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(extension_name));
    SysScanDesc scan = systable_beginscan(extensions, ExtensionNameIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    bool none = !HeapTupleIsValid(tuple);
    Datum version = none ? Datum(0) : heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(extensions), &none);
    const char* word = none ? nullptr : TextDatumGetCString(version);
    systable_endscan(scan);
    table_close(extensions, AccessShareLock);
    return word == nullptr || strcmp(word, PG_WARRANT_VERSION) == 0 ? nullptr : word;
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// seal(event text, origin jsonb, access jsonb, statement jsonb, statement_sha256 bytea, statement_text text) -> bigint: writes a row of the audit log
// (see SealFacts) and returns its number; in the recorder only.
WARRANT_FUNCTION(warrant_seal) {
    RequireRecorder();
    if (PG_ARGISNULL(0))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a row of the audit log is of some event")));
    auto json = [fcinfo](int argument) { return PG_ARGISNULL(argument) ? nullptr : PG_GETARG_JSONB_P(argument); };
    SealCall call = {PG_GETARG_TEXT_PP(0),
                     json(1),
                     json(2),
                     json(3),
                     PG_ARGISNULL(4) ? nullptr : PG_GETARG_BYTEA_PP(4),
                     PG_ARGISNULL(5) ? nullptr : PG_GETARG_TEXT_PP(5)};
    SPI_connect();
    int64_t seq = SealFacts(&call);
    SPI_finish();
    PG_RETURN_INT64(seq);
}

// Until 0.3.0 the script sealed by itself.
// next_seq() -> bigint: the number of the next sealed row; in the recorder only.
WARRANT_FUNCTION(warrant_next_seq) {
    RequireRecorder();
    int64_t seq = NextSeq();
    LeaveNotices(seq);    // what the row will be only the caller knows
    PG_RETURN_INT64(seq);
}

// seal_time() -> timestamptz: the clock; in the recorder only.
WARRANT_FUNCTION(warrant_seal_time) {
    RequireRecorder();
    PG_RETURN_TIMESTAMPTZ(SealTime());
}

// text_hmac(salt bytea, statement text) -> bytea: what a sealed row holds of the text that is kept apart from it.
WARRANT_FUNCTION(warrant_text_hmac) {
    bytea* salt = PG_GETARG_BYTEA_PP(0);
    text* statement = PG_GETARG_TEXT_PP(1);
    bytea* hmac = static_cast<bytea*>(palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH));
    SET_VARSIZE(hmac, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
    SignText(reinterpret_cast<const uint8_t*>(VARDATA_ANY(salt)), VARSIZE_ANY_EXHDR(salt), VARDATA_ANY(statement), VARSIZE_ANY_EXHDR(statement),
             reinterpret_cast<uint8_t*>(VARDATA(hmac)));
    PG_RETURN_BYTEA_P(hmac);
}

// in_seconds(duration interval, parameter text) -> interval: the duration in seconds; raises 22023 for what is no duration.
WARRANT_FUNCTION(warrant_in_seconds) {
    const Interval* interval = PG_GETARG_INTERVAL_P(0);
    RequireDuration(interval, TextDatumGetCString(PG_GETARG_DATUM(1)));
    PG_RETURN_INTERVAL_P(IntervalOf(MicrosecondsAsCompared(interval)));
}

// as_compared(duration interval) -> interval: the duration in seconds, a month for 30 days, at least one and at most 1000 years.
WARRANT_FUNCTION(warrant_as_compared) { PG_RETURN_INTERVAL_P(IntervalOf(MicrosecondsAsCompared(PG_GETARG_INTERVAL_P(0)))); }

// monotonic_now() -> timestamptz: the server's time against this database's high-water mark.
WARRANT_FUNCTION(warrant_monotonic_now) { PG_RETURN_TIMESTAMPTZ(MonotonicNow()); }

// origin() -> jsonb: who this session is, as the audit names it. Wakes the recorder when the transaction has committed.
WARRANT_FUNCTION(warrant_origin) {
    ListenForCommit();
    tell_recorder = true;
    PrepareOrigin();
    Origin origin;
    FillOrigin(&origin);
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(OriginAsJson(&origin)));
}

// next_number() -> bigint: of a definition. Until the recorder has read where numbers go on, whoever needs one reads that.
WARRANT_FUNCTION(warrant_next_number) {
    const Database* database = FindDatabase(MyDatabaseId);
    if (database == nullptr || !database->ready) {
        SPI_connect();
        SPI_execute("SELECT last_sealed_at FROM warrant.recorder_state", true, 1);
        if (SPI_processed == 1)
            NumberAfter(TimestampTz(FirstInt64(1)));
        SPI_finish();
    }
    PG_RETURN_INT64(int64(NextNumber()));
}

// is_elsewhere() -> boolean: whether another database of the cluster has the extension, or this one has it until the transaction that creates it anew
// commits: its roles have been guarded.
WARRANT_FUNCTION(warrant_is_elsewhere) {
    bool elsewhere = OidIsValid(CommittedExtension(extension_name));
    LWLockAcquire(shared->lock, LW_SHARED);
    for (int i = 0; i < shared->database_count; i++)
        elsewhere = elsewhere || (OidIsValid(shared->databases[i].oid) && shared->databases[i].oid != MyDatabaseId && !shared->databases[i].dropped);
    LWLockRelease(shared->lock);
    PG_RETURN_BOOL(elsewhere);
}

// is_courier(pid integer) -> boolean: whether the process is this database's courier.
WARRANT_FUNCTION(warrant_is_courier) {
    LWLockAcquire(shared->lock, LW_SHARED);
    const Database* database = FindDatabase(MyDatabaseId);
    bool is_courier = database != nullptr && CourierLives(database) && database->courier_pid == PG_GETARG_INT32(0);
    LWLockRelease(shared->lock);
    PG_RETURN_BOOL(is_courier);
}

// wake_courier(): when the recorder's batch is committed; in the recorder only.
WARRANT_FUNCTION(warrant_wake_courier) {
    RequireRecorder();
    deliveries_queued = true;
    PG_RETURN_VOID();
}

// guards_changed(): which roles the gate depends on is to be looked at again; in the recorder only.
WARRANT_FUNCTION(warrant_guards_changed) {
    RequireRecorder();
    ForgetGuards();
    PG_RETURN_VOID();
}

// policies_moved() -> boolean: whether policies may have changed since policies_swept() was called; in the recorder only.
WARRANT_FUNCTION(warrant_policies_moved) {
    RequireRecorder();
    PG_RETURN_BOOL(PoliciesMoved());
}

WARRANT_FUNCTION(warrant_policies_swept) {
    RequireRecorder();
    NotePoliciesSwept();
    PG_RETURN_VOID();
}

// renamed_targets() -> oid[]: the tables of policies that may have been renamed since it was called last, NULL for whatever policies name; in
// the recorder only.
WARRANT_FUNCTION(warrant_renamed_targets) {
    RequireRecorder();
    SPI_connect();
    ArrayType* targets = RenamedTargets();
    ArrayType* answer = targets == nullptr ? nullptr : static_cast<ArrayType*>(SPI_palloc(VARSIZE(targets)));
    if (answer != nullptr)
        memcpy(answer, targets, VARSIZE(targets));
    SPI_finish();
    if (answer == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_ARRAYTYPE_P(answer);
}

// names_left(): names could not be kept, and are looked at again; in the recorder only.
WARRANT_FUNCTION(warrant_names_left) {
    RequireRecorder();
    NoteNamesLeft();
    PG_RETURN_VOID();
}

// tell(message text): to the caller of the action that is being done; in the recorder only.
WARRANT_FUNCTION(warrant_tell) {
    constexpr int most_message = 2000;
    RequireRecorder();
    const text* message = PG_GETARG_TEXT_PP(0);
    // A name in it may be of several lines, and each line would be a message of its own.
    TellCaller(InOneLine(VARDATA_ANY(message), int(VARSIZE_ANY_EXHDR(message)), most_message));
    PG_RETURN_VOID();
}

// keep_partitions(): makes this month's partitions and the next four, as far as they are missing.
WARRANT_FUNCTION(warrant_keep_partitions) {
    SPI_connect();
    MakePartitions(GetCurrentTimestamp(), months_kept_ahead);
    SPI_finish();
    PG_RETURN_VOID();
}

// start_workers(): part of CREATE EXTENSION. Raises 53000 when no slot is free; after the commit the launcher starts the recorder.
WARRANT_FUNCTION(warrant_start_workers) {
    LWLockAcquire(shared->lock, LW_SHARED);
    bool room = FindDatabase(MyDatabaseId) != nullptr || FindDatabase(InvalidOid) != nullptr;
    LWLockRelease(shared->lock);
    if (!room)
        ereport(ERROR, (errcode(error_no_slot), errmsg("no slot is free for another database with the extension"),
                        errhint("Set \"pg_warrant.max_databases\" to more than %d and restart the server.", shared->database_count)));
    ListenForCommit();
    tell_launcher = true;
    extension_created_here = true;
    PG_RETURN_VOID();
}

// recorder_status() -> (item, value, warning)
WARRANT_FUNCTION(warrant_recorder_status) {
    InitMaterializedSRF(fcinfo, 0);
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    LWLockAcquire(shared->lock, LW_SHARED);
    Database* slot = FindDatabase(MyDatabaseId);
    Database database = slot == nullptr ? Database{} : *slot;
    int used = 0;
    for (int i = 0; i < shared->database_count; i++)
        used += OidIsValid(shared->databases[i].oid);
    LWLockRelease(shared->lock);
    bool standby = RecoveryInProgress();    // a standby has no workers
    bool launcher = pg_atomic_read_u32(&shared->launcher_process_plus_1) != 0;
    uint64_t lost = pg_atomic_read_u64(slot == nullptr ? &shared->lost : &database.lost);
    uint64_t queued = database.tail - database.head, room = uint64_t(RingCapacity());
    if (const char* older = OtherVersion())
        PutItem(result, "extension", pstrdup(older),
                "the library is of version " PG_WARRANT_VERSION "; ALTER EXTENSION pg_warrant UPDATE brings the extension there");
    if (standby)
        PutItem(result, "server", pstrdup("standby"),
                "this is a standby: what needs a grant is refused, and nothing is requested or recorded; use the primary");
    PutItem(result, "launcher", psprintf("%s", launcher ? "running" : "not running"), launcher || standby ? nullptr : "no recorder can be started");
    PutRecorder(result, &database, standby);
    if (database.has_webhooks)
        PutCourier(result, &database, standby);
    PutItem(result, "slots", psprintf("%d of %d used", used, shared->database_count),
            used < shared->database_count ? nullptr : "no other database can have the extension");
    PutItem(result, "queue", psprintf("%llu of %llu bytes", (unsigned long long)queued, (unsigned long long)room),
            queued * 10 > room * 8 ? "the queue is more than 80 % full" : nullptr);
    if (database.guarded_count > most_guarded_roles)
        PutItem(result, "guarded roles", psprintf("%d", database.guarded_count),
                "policies name, or live grants are held by, more roles than can be told apart: only administrators of the gate can change any role");
    PutItem(result, "lost", psprintf("%llu", (unsigned long long)lost), lost == 0 ? nullptr : "records went to the server log instead");
    PutItem(result, "last_seq", psprintf("%llu", (unsigned long long)database.last_seq), nullptr);
    PutSettings(result, database.has_webhooks);
    PG_RETURN_VOID();
}
