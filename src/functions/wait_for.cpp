// CALL warrant.wait_for: waits without a transaction, so that it holds neither locks nor a snapshot.
#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/wait.hpp"
#include "rules/last_outcome.hpp"
#include "rules/requests.hpp"
#include "rules/subject.hpp"
#include "queue/replicated.hpp"

namespace warrant {

namespace {

using State = RequestState;

bool MayAsk(int64 request_id, Oid requester) {
    Oid subject = CurrentSubject();
    const char* const readers[] = {"warrant_approver", "warrant_auditor"};
    bool may = subject == requester || superuser_arg(subject);
    for (const char* reader : readers) {
        Oid role = get_role_oid(reader, true);
        may = may || (OidIsValid(role) && is_member_of_role_nosuper(subject, role));
    }
    return may || (OidIsValid(requester) && IsApprover(request_id, subject));
}

// The request's state as committed; Unknown also for a request that is not the caller's to know.
State LookUp(int64 request_id) {
    Request request = FindRequest(request_id);
    return MayAsk(request_id, request.requester) ? request.state : State::Unknown;
}

// True when the wait is over and the request approved; raises when it is over otherwise.
bool IsApproved(State state, int64 request_id) {
    long long id = request_id;
    switch (state) {
        case State::Draft:
            ereport(ERROR, (errcode(error_wrong_state), errmsg("request %lld is a draft", id),
                            errdetail("It lacks what its policy requires, so that nobody is asked."),
                            errhint("warrant.amend completes it; warrant.show_request(%lld) says what it lacks.", id)));
        case State::Pending: return false;
        case State::Approved: return true;
        case State::Denied:
            ereport(ERROR, (errcode(error_refused), errmsg("request %lld was denied", id), errdetail("It was denied%s.", DenialInWords(request_id))));
        case State::Cancelled: ereport(ERROR, (errcode(error_wrong_state), errmsg("request %lld was cancelled", id)));
        case State::Expired: ereport(ERROR, (errcode(error_wrong_state), errmsg("request %lld has expired", id)));
        case State::Unknown: break;
    }
    ereport(ERROR, (errcode(error_unknown_id), errmsg("request %lld does not exist", id)));
}

// A number that the client wrote without a unit is refused: the call's constants know where they stand in its text.
void CheckTimeout(FunctionCallInfo fcinfo, const Interval* timeout) {
    const Frame* frame = current_frame;
    const Node* call = fcinfo->flinfo->fn_expr;
    if (call != nullptr && IsA(call, FuncExpr) && frame != nullptr)
        CheckUnits(reinterpret_cast<const FuncExpr*>(call), SourceOf(frame).text);
    if (timeout->month != 0 || timeout->day != 0 || timeout->time != 0)
        RequireDuration(timeout, "timeout");
}

void WaitForApproval(int64 request_id, int64 timeout_ms) {
    constexpr long look_every_ms = 100;
    int64 deadline = SteadyNow() + timeout_ms * 1000;
    XLogRecPtr approved_until = InvalidXLogRecPtr;    // an approval that may still be lost is none
    auto is_approved = [&] {
        if (!IsApproved(LookUp(request_id), request_id))
            return false;
        approved_until = approved_until == InvalidXLogRecPtr ? SeenUntil() : approved_until;
        return IsReplicated(approved_until);
    };
    while (!is_approved()) {
        long left = MillisecondsUntil(deadline);
        if (left <= 0)
            ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("request %lld is still pending", (long long)request_id),
                            errhint("Call warrant.wait_for again, with a longer timeout.")));
        SPI_commit();
        InvalidateCatalogSnapshot();
        WaitOnLatch(WaitsFor::Decision, left < look_every_ms ? left : look_every_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

}    // namespace

}    // namespace warrant

// wait_for(request_id bigint, timeout interval): returns when the request is approved. 42501 denied, 55006 cancelled or expired, 57014
// still pending at the end, P0002 unknown, 25001 in a transaction block.
WARRANT_FUNCTION(warrant_wait_for) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        ereport(ERROR, (errcode(warrant::error_bad_argument), errmsg("request id and timeout must not be NULL")));
    int64 request_id = PG_GETARG_INT64(0);
    warrant::CheckTimeout(fcinfo, PG_GETARG_INTERVAL_P(1));
    int64 timeout_ms = warrant::Microseconds(PG_GETARG_INTERVAL_P(1)) / 1000;
    if (fcinfo->context == nullptr || !IsA(fcinfo->context, CallContext) || reinterpret_cast<CallContext*>(fcinfo->context)->atomic)
        ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION), errmsg("warrant.wait_for cannot run inside a transaction block"),
                        errdetail("It would hold the transaction's locks while it waits.")));
    SPI_connect_ext(SPI_OPT_NONATOMIC);
    warrant::WaitForApproval(request_id, timeout_ms);
    SPI_finish();
    PG_RETURN_VOID();
}
