// The courier's process, until its own library takes over: it takes its place, and loads the library. While that cannot be loaded it waits here,
// connected to nothing, and tries again, so that neither the server's log fills nor a restart is needed once what was missing is there.
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/steady_clock.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "queue/actions.hpp"
#include "queue/dropped.hpp"
#include "queue/entry.hpp"
#include "queue/replicated.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "courier/courier.hpp"
#include "workers/launcher.hpp"

namespace warrant {

namespace {

constexpr const char* library = "pg_warrant_courier";
constexpr long load_again_ms = 10000;

Database* slot = nullptr;
Oid database = InvalidOid;
bool has_wrong_one = false;    // loaded for the life of this process

bool MustLeave() {
    LWLockAcquire(shared->lock, LW_SHARED);
    bool mine = slot->oid == database && slot->courier_pid == MyProcPid;
    LWLockRelease(shared->lock);
    return !mine || IsHeld(database);
}

void HasBegun() { slot->courier_failures = 0; }

const CourierHost host = {
    .must_leave = MustLeave,
    .has_begun = HasBegun,
    .hand_over = [](const char* answer) { return SendAction("webhook_answer", answer) == Enqueued::Yes; },
    .is_replicated = IsReplicated,
    .seen_until = SeenUntil,
    .internal_schema = InternalSchema,
    .is_dropped = IsDropped,
    .hold_extension = HoldExtension,
};

using Deliver = decltype(&warrant_deliver);

void* FindInLibrary(const char* name) { return reinterpret_cast<void*>(load_external_function(library, name, true, nullptr)); }

Deliver FindDeliver() {
    auto version = reinterpret_cast<decltype(&warrant_courier_version)>(FindInLibrary("warrant_courier_version"));
    if (strcmp(version(), PG_WARRANT_VERSION) != 0)
        ereport(ERROR, (errcode(error_unavailable),
                        errmsg("its file is of version %s, and the server runs %s until it is restarted", version(), PG_WARRANT_VERSION)));
    return reinterpret_cast<Deliver>(FindInLibrary("warrant_deliver"));
}

// Leaves the problem for warrant.status(), and tells it once.
void NoteProblem(const char* problem) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    bool is_new = strncmp(slot->courier_problem, problem, sizeof slot->courier_problem - 1) != 0;
    if (slot->courier_pid == MyProcPid)    // not another database's by now
        strlcpy(slot->courier_problem, problem, sizeof slot->courier_problem);
    LWLockRelease(shared->lock);
    if (is_new && problem[0] != '\0')
        ereport(LOG,
                (errmsg("the library \"%s\" cannot be loaded", library), errdetail("%s.", problem),
                 errhint("It is tried again every %ld seconds. Until then no webhook of database %u is called.", load_again_ms / 1000, database)));
}

// nullptr when the library cannot be loaded now.
Deliver Load() {
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_warrant courier's library", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    volatile Deliver deliver = nullptr;
    PG_TRY();
    {
        deliver = FindDeliver();
        NoteProblem("");
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData* error = CopyErrorData();
        FlushErrorState();
        has_wrong_one = error->sqlerrcode == error_unavailable || error->sqlerrcode == ERRCODE_UNDEFINED_FUNCTION;
        NoteProblem(error->message);
    }
    PG_END_TRY();
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    return deliver;
}

void Leave(int, Datum) { ReleaseCourier(slot); }

// Ends the process, which did not fail to start.
[[noreturn]] void End() {
    if (Database* known = FindDatabase(database))
        known->courier_failures = 0;
    proc_exit(0);
}

// Waits for the next try. What was loaded stays in this process; then another one tries.
void AwaitNextTry() {
    int64 at = SteadyNow() + load_again_ms * INT64CONST(1000);
    while (MillisecondsUntil(at) > 0) {
        if (MustLeave() || slot->dropped || !slot->has_webhooks)
            End();
        Nap(MillisecondsUntil(at));
    }
    if (has_wrong_one)
        End();
}

}    // namespace

}    // namespace warrant

void warrant_courier_main(Datum argument) {
    using namespace warrant;
    database = DatumGetObjectId(argument);
    BeginSignals();
    AwaitStart(database, &Database::courier_failures);
    if (!Visit(database))
        End();
    slot = ClaimCourier(database);
    if (slot == nullptr)
        proc_exit(0);
    before_shmem_exit(Leave, Datum(0));
    Deliver deliver = Load();
    while (deliver == nullptr) {
        AwaitNextTry();
        deliver = Load();
    }
    BeginWorker(database, "pg_warrant courier");
    deliver(&host);
}
