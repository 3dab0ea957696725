#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "pg/wait.hpp"
#include "rules/commands.hpp"
#include "rules/requests.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "gate/check/decision_wait.hpp"

namespace warrant {

namespace {

// The recorder wakes who waits when it has decided something; what others change meanwhile is seen this often.
constexpr long look_every_ms = 100;

// Whether there is a webhook, and a courier that can call it.
bool MayBeAnswered() {
    const Database* database = FindDatabase(MyDatabaseId);
    return database != nullptr && database->has_webhooks && database->courier_problem[0] == '\0';
}

bool MayWait() {
    return settings.decision_wait_ms > 0 && MayBeAnswered() && (!IsTransactionBlock() || settings.wait_in_transaction) && !HoldsLockAgainstRecorder();
}

// Reads once what was decided of the requests. *undecided: reading them again may tell more.
Awaited ReadDecisions(const char* requests, bool* undecided) {
    bool all_approved = true;
    *undecided = true;
    for (const char* next = requests; *next != '\0';) {
        char* end;
        Request request = FindRequest(strtoll(next, &end, 10));
        next = *end == ',' ? end + 1 : end;
        if (request.state == RequestState::Denied)
            return Awaited::Denied;
        all_approved = all_approved && request.state == RequestState::Approved;
        if (request.state != RequestState::Approved && !(request.state == RequestState::Pending && request.awaited))
            *undecided = false;
    }
    return all_approved ? Awaited::Approved : Awaited::Nothing;
}

Awaited WaitWhileUndecided(const char* requests) {
    int64 deadline = SteadyNow() + settings.decision_wait_ms * INT64CONST(1000);
    for (;;) {
        bool undecided;
        Awaited awaited = ReadDecisions(requests, &undecided);
        long left = MillisecondsUntil(deadline);
        if (awaited != Awaited::Nothing || !undecided || left <= 0)
            return awaited;
        WaitOnLatch(WaitsFor::Decision, left < look_every_ms ? left : look_every_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

void StopWaiting(int, Datum) {
    pg_atomic_write_u32(&MailboxOf(MyProcessIndex())->awaits, 0);
    pg_atomic_fetch_sub_u32(&shared->waiters, 1);
}

}    // namespace

Awaited AwaitDecision(const char* requests) {
    volatile Awaited awaited = Awaited::Nothing;
    if (!MayWait())
        return awaited;
    if (pg_atomic_fetch_add_u32(&shared->waiters, 1) >= uint32_t(settings.max_waiters)) {
        pg_atomic_fetch_sub_u32(&shared->waiters, 1);
        return awaited;
    }
    pg_atomic_write_u32(&MailboxOf(MyProcessIndex())->awaits, 1);
    PG_ENSURE_ERROR_CLEANUP(StopWaiting, Datum(0));
    { awaited = WaitWhileUndecided(requests); }
    PG_END_ENSURE_ERROR_CLEANUP(StopWaiting, Datum(0));
    StopWaiting(0, Datum(0));
    return awaited;
}

}    // namespace warrant
