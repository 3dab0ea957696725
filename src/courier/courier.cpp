// The loop: claims deliveries in a short transaction, then sends them with none open, then hands the answers to the recorder through the
// ring. What is on its way when the process ends is sent again by the next one, under the same id.
#include "courier/deliveries.hpp"

#include <new>

#include "pg/server.hpp"

#include "pg/boundary.hpp"
#include "pg/extension.hpp"
#include "pg/in_transaction.hpp"
#include "pg/log.hpp"
#include "pg/steady_clock.hpp"
#include "pg/wait.hpp"
#include "courier/courier.hpp"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pg_warrant_courier", .version = PG_WARRANT_VERSION);
#else
PG_MODULE_MAGIC;
#endif
}

namespace warrant {

namespace {

constexpr int most_running = 20;
constexpr long look_every_ms = 5000;    // for what is to be repeated
constexpr long retry_nap_ms = 100;      // the recorder is away, or a lock was held
constexpr long shortest_nap_ms = 20;

struct Claimed {
    int64_t delivery_id;
    char* letter;    // UTF-8
};

struct Courier {
    const CourierHost* host;
    MemoryContext context;     // of a claim
    Deliveries* deliveries;    // lives as long as the process
    bool at_start;
    bool needed;    // there are webhooks
    int count;
    Claimed* claimed;
    long next_in_ms;    // when the next delivery is due, as far as is known
    int64 safe_id;      // deliveries up to here were queued by commits that are as safe as the configuration asks for
    int64 seen_id;      // deliveries up to here are as safe once this position is
    XLogRecPtr seen_until;
    Retries retries;    // of claims
};

Courier self;

// Runs C++ that may run out of memory, which ends the courier. The next courier sends again what this one had claimed.
template <class Work>
void Do(Work work) {
    if (!Contained(work))
        ereport(FATAL, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("the courier is out of memory")));
}

void ReadSecrets() {
    const char* path = GetConfigOption("pg_warrant.secret_file", false, false);
    std::string* problem = nullptr;
    Do([path, &problem] { problem = new std::string(self.deliveries->secrets().Read(path == nullptr ? "" : path)); });
    static char told[256];    // once, however often the file is read
    bool is_new = strncmp(told, problem->c_str(), sizeof told - 1) != 0;
    strlcpy(told, problem->c_str(), sizeof told);
    if (!problem->empty() && is_new)
        ereport(LOG, (errmsg("cannot use the file \"%s\" of pg_warrant.secret_file", path), errdetail("%s.", problem->c_str())));
    delete problem;
}

// Bytes that no conversion knows become question marks: a statement, or a name, that is no text in its encoding must not keep its delivery, and
// those behind it, from being sent. In every encoding of a database the bytes below 0x80 are ASCII.
char* WithoutStrangeBytes(char* letter) {
    bool may_be_utf8 = GetDatabaseEncoding() == PG_SQL_ASCII || GetDatabaseEncoding() == PG_UTF8;
    for (char* next = letter; *next != '\0';) {
        int length = may_be_utf8 ? pg_encoding_verifymbchar(PG_UTF8, next, int(strlen(next))) : (*next & 0x80) == 0 ? 1 : -1;
        if (length < 1)
            *next = '?';
        next += length < 1 ? 1 : length;
    }
    return letter;
}

// Converts in a subtransaction of its own, because conversions raise an error at bytes that they do not know.
char* ToUtf8(char* letter) {
    if (GetDatabaseEncoding() == PG_UTF8)
        return pg_verify_mbstr(PG_UTF8, letter, int(strlen(letter)), true) ? letter : WithoutStrangeBytes(letter);
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    char* volatile utf8 = nullptr;
    BeginInternalSubTransaction("letter");
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        utf8 = pg_server_to_any(letter, int(strlen(letter)), PG_UTF8);
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return utf8 == nullptr ? WithoutStrangeBytes(letter) : utf8;
}

void ReadClaimed(HeapTuple row, TupleDesc shape, Claimed* claimed) {
    bool is_null;
    claimed->delivery_id = DatumGetInt64(SPI_getbinval(row, shape, 1, &is_null));
    claimed->letter = MemoryContextStrdup(self.context, ToUtf8(SPI_getvalue(row, shape, 2)));
}

// Finds which deliveries are safe: a request that the outside is told of must not be lost with this server.
void FindSafe() {
    static SPIPlanPtr plan = nullptr;
    if (self.seen_id <= self.safe_id) {
        SPI_execute_plan(Prepared(&plan, "SELECT coalesce(max(d.id), 0) FROM warrant.deliveries d", 0, nullptr), nullptr, nullptr, true, 1);
        bool is_null;
        self.seen_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
        self.seen_until = self.host->seen_until();
    }
    if (self.host->is_replicated(self.seen_until))
        self.safe_id = self.seen_id;
}

// claim_deliveries of an older release's script takes no last delivery, and is in the schema of users.
void SelectClaimed() {
    static SPIPlanPtr plan = nullptr, older = nullptr;
    Oid types[] = {BOOLOID, INT4OID, INT8OID};
    Datum values[] = {BoolGetDatum(self.at_start), Int32GetDatum(most_running - int(self.deliveries->running())), Int64GetDatum(self.safe_id)};
    bool is_older = strcmp(self.host->internal_schema(), schema_name) == 0;
    if (!is_older)
        Prepared(&plan, "SELECT delivery_id, letter FROM warrant_internal.claim_deliveries($1, $2, $3)", 3, types);
    else
        Prepared(&older, "SELECT delivery_id, letter FROM warrant.claim_deliveries($1, $2)", 2, types);
    SPI_execute_plan(is_older ? older : plan, values, nullptr, false, 0);
}

void FindNext() {
    static SPIPlanPtr plan = nullptr;
    Prepared(&plan,
             "SELECT (extract(epoch FROM min(d.next_at) - clock_timestamp()) * 1000)::bigint FROM warrant.deliveries d"
             " WHERE d.state IN ('queued', 'sending') AND d.next_at > clock_timestamp()",
             0, nullptr);
    SPI_execute_plan(plan, nullptr, nullptr, true, 1);
    bool is_null;
    int64 next_in_ms = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
    if (self.seen_id > self.safe_id)
        next_in_ms = shortest_nap_ms, is_null = false;
    self.next_in_ms = is_null || next_in_ms > look_every_ms ? look_every_ms : next_in_ms < shortest_nap_ms ? shortest_nap_ms : long(next_in_ms);
}

void ClaimRows() {
    self.count = 0;
    self.needed = IsInstalled();
    if (!self.needed)
        return;
    Oid schema = get_namespace_oid(schema_name, false);
    self.deliveries->SetKeeps({.uses = OidIsValid(get_relname_relid("grant_uses", schema)),
                               .rows = get_attnum(get_relname_relid("grants", schema), "max_rows") != InvalidAttrNumber});
    static SPIPlanPtr webhooks = nullptr;
    SPI_execute_plan(Prepared(&webhooks, "SELECT FROM warrant.webhooks WHERE enabled", 0, nullptr), nullptr, nullptr, true, 1);
    self.needed = SPI_processed > 0;
    FindSafe();
    SelectClaimed();
    SPITupleTable* claimed = SPI_tuptable;
    uint64 count = SPI_processed;
    self.claimed = static_cast<Claimed*>(MemoryContextAlloc(self.context, (count + 1) * sizeof(Claimed)));
    for (uint64 i = 0; i < count; i++)
        ReadClaimed(claimed->vals[i], claimed->tupdesc, &self.claimed[i]);
    self.count = int(count);
    FindNext();
}

// Claims what is due. False when that failed and is to be tried again soon.
bool Claim() {
    MemoryContextReset(self.context);
    if (self.deliveries->missed_key())
        ReadSecrets();
    self.next_in_ms = look_every_ms;
    if (!InTransaction("claiming deliveries", ClaimRows, &self.retries))
        return false;
    self.at_start = false;
    self.host->has_begun();
    Do([] {
        for (int i = 0; i < self.count; i++)
            self.deliveries->Begin(self.claimed[i].delivery_id, self.claimed[i].letter);
    });
    return true;
}

void LogNotes() {
    while (const char* note = self.deliveries->note()) {
        ereport(LOG, (errmsg("%s", note)));
        self.deliveries->Noted();
    }
}

// Hands the answers to the recorder. False when it cannot take them now.
bool HandOver() {
    while (const char* answer = self.deliveries->answer()) {
        if (!self.host->hand_over(answer))
            return false;
        self.deliveries->HandedOver();
    }
    return true;
}

long Soonest(long nap_ms) {
    int network_ms = self.deliveries->client().TimeoutMs();
    return network_ms < 0 || network_ms > nap_ms ? nap_ms : network_ms;
}

// Waits for events of the network and the latch. True when somebody woke the courier.
bool WaitFor(long nap_ms) {
    bool woken = WaitOnLatchOrSocket(WaitsFor::Work, self.deliveries->client().Descriptor(), Soonest(nap_ms));
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
        LogOwnErrors();
        ReadSecrets();
    }
    return woken;
}

void Start(const CourierHost* host) {
    NameWaits();    // as the other library has named them
    is_over = host->is_dropped;
    at_begin = host->hold_extension;
    // The courier writes nothing but leases, and a delivery whose lease is lost is only sent again.
    SetConfigOption("synchronous_commit", "off", PGC_SUSET, PGC_S_OVERRIDE);
    self.host = host;
    self.context = AllocSetContextCreate(TopMemoryContext, "pg_warrant deliveries", ALLOCSET_DEFAULT_SIZES);
    self.needed = self.at_start = true;
    std::string* problem = nullptr;
    Do([&problem] {
        self.deliveries = new Deliveries(GetDatabaseEncoding() != PG_UTF8);
        problem = new std::string(self.deliveries->Open());
    });
    if (!problem->empty())
        ereport(FATAL, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("the courier cannot use the network"), errdetail("%s.", problem->c_str())));
    delete problem;
    ReadSecrets();
}

[[noreturn]] void Deliver() {
    int64 look_at = 0;    // in steady time
    bool woken = true;
    for (;;) {
        bool well = true, full = self.deliveries->running() >= most_running;
        if (!full && (woken || SteadyNow() >= look_at)) {
            well = Claim();
            full = self.count > 0;    // there may be more when these are done
            look_at = SteadyNow() + (well ? self.next_in_ms : RetryNap(&self.retries)) * INT64CONST(1000);
        }
        Do([] { self.deliveries->Perform(); });
        LogNotes();
        well = HandOver() && well;
        if (!self.needed || self.host->must_leave())
            proc_exit(0);
        size_t before = self.deliveries->running();
        long nap_ms = before >= most_running ? look_every_ms : MillisecondsUntil(look_at);
        woken = WaitFor(well ? nap_ms : retry_nap_ms);
        Do([] { self.deliveries->Perform(); });
        woken = woken || (full && self.deliveries->running() < before);
    }
}

}    // namespace

}    // namespace warrant

const char* warrant_courier_version(void) { return PG_WARRANT_VERSION; }

void warrant_deliver(const warrant::CourierHost* host) {
    warrant::Start(host);
    warrant::Deliver();
}
