#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/in_frame.hpp"
#include "pg/settings.hpp"
#include "pg/transaction_end.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governance.hpp"
#include "rules/policies.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "statement/ledger.hpp"
#include "statement/record.hpp"
#include "statement/start.hpp"
#include "statement/statement.hpp"
#include "statement/uses.hpp"

namespace warrant {

namespace {

pg_noinline int LastNewThatWaits(Statement* statement, const Verdict* verdicts, int count) {
    for (int i = count - 1; i >= 0; i--)
        if (verdicts[i].audited && verdicts[i].waits && FindLine(statement, &verdicts[i]) == nullptr)
            return i;
    return -1;
}

void EndStatement(Statement* statement, bool failed) {
    for (Statement** link = &ledgers.open; *link != nullptr; link = &(*link)->next)
        if (*link == statement) {
            *link = statement->next;
            break;
        }
    int64 deadline = 0;    // of all of them
    for (int i = 0; i < statement->count; i++)
        if (statement->lines[i].ends)
            RecordOutcome(statement, &statement->lines[i], failed, ledgers.last_sqlstate, &deadline);
    if (unlikely(statement->paid_count > 0)) {
        ledgers.planned = ledgers.planned == statement ? nullptr : ledgers.planned;
        ledgers.starting = ledgers.starting == statement ? nullptr : ledgers.starting;
        statement->paid_count = 0;
    }
    statement->count = 0;
    statement->next = ledgers.spare;
    ledgers.spare = statement;
}

// The error that ends the (sub)transaction: the server keeps it until that is over. A ROLLBACK has none, and neither has who caught it before.
int ErrorUnderWay() {
    volatile int sqlstate = 0;
    MemoryContext caller = CurrentMemoryContext;
    PG_TRY();
    {
        sqlstate = geterrcode();    // raises when there is none
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(caller);
        FlushErrorState();
    }
    PG_END_TRY();
    return sqlstate;
}

// Queries that began at this nesting level or deeper end with it; utility statements survive a COMMIT or ROLLBACK of their own. What was caught
// inside them says nothing of their end.
void EndQueriesFrom(int nest_level) {
    Statement* statement = ledgers.open;
    bool first = true;
    while (statement != nullptr) {
        Statement* next = statement->next;
        if ((statement->query != nullptr || statement == ledgers.planned) && statement->nest_level >= nest_level) {
            int sqlstate = first ? ErrorUnderWay() : ledgers.last_sqlstate;
            ledgers.last_sqlstate = sqlstate != 0 || CurrentFrame() == nullptr ? sqlstate : ledgers.last_sqlstate;
            first = false;
            EndStatement(statement, true);
        }
        statement = next;
    }
}

void OnTransaction(XactEvent event, void*) {
    if (event != XACT_EVENT_ABORT && event != XACT_EVENT_PARALLEL_ABORT)
        return;
    EndQueriesFrom(0);
}

void OnSubtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    int level = GetCurrentTransactionNestLevel();
    if (event == SUBXACT_EVENT_START_SUB)
        NoteLevel(level - 1);
    if (event == SUBXACT_EVENT_ABORT_SUB) {
        ForgetStarts();
        UnwindFrames(level);
        EndQueriesFrom(level);
    }
    if (event != SUBXACT_EVENT_COMMIT_SUB)
        return;
    for (Statement* statement = ledgers.open; statement != nullptr; statement = statement->next)
        if (statement->nest_level >= level)
            statement->nest_level = level - 1;
}

void OnExit(int, Datum) {
    ledgers.last_sqlstate = FatalError();
    while (ledgers.open != nullptr)
        EndStatement(ledgers.open, true);
}

void LeaveFrame(Frame* frame, bool failed) {
    if (failed)
        ledgers.last_sqlstate = geterrcode();
    Statement* statement = frame->statement;
    if (statement == nullptr)
        return;
    if (failed || frame->outer != nullptr || frame->kind != FrameKind::Planning || statement->paid_count == 0) {
        EndStatement(statement, failed);
        return;
    }
    if (ledgers.planned != nullptr)
        EndStatement(ledgers.planned, false);
    ledgers.planned = statement;
    ledgers.planned_in = GetCurrentStatementStartTimestamp();
}

// The client's statement that has been planned in this message is what starts now.
void StartPlanned(QueryDesc* query) {
    Statement* statement = ledgers.planned;
    if (CurrentFrame() != nullptr || ledgers.planned_in != GetCurrentStatementStartTimestamp()) {
        EndStatement(statement, false);
        return;
    }
    ledgers.planned = nullptr;
    ledgers.starting = statement;
    statement->query = query;
    statement->query_id = query->plannedstmt->queryId;
    statement->rows = 0;
}

// Only once there are ledgers.
void ListenForTheirEnds() {
    if (ListenForEnds<OnTransaction>())
        before_shmem_exit(OnExit, Datum(0));
}

}    // namespace

void FollowFrames() {
    on_frame_left = LeaveFrame;
    CountUses();
    RegisterSubXactCallback(OnSubtransaction, nullptr);
}

// A fast-path call is no statement: nobody tells of its end.
static void RecordCall(const Verdict* verdicts, int count) {
    Statement* statement = NewStatement(nullptr, GetCurrentTransactionNestLevel());
    DigestOf("", 0, statement->digest);
    statement->query_id = 0;
    int waiting = LastNewThatWaits(statement, verdicts, count);
    PG_TRY();
    {
        for (int i = 0; i < count; i++)
            if (verdicts[i].audited && FindLine(statement, &verdicts[i]) == nullptr)
                RecordLine(statement, NewLine(statement, &verdicts[i]), &verdicts[i], i == waiting, false, "", 0);
    }
    PG_FINALLY();
    {
        EndStatement(statement, false);
    }
    PG_END_TRY();
}

bool RecordVerdicts(QueryDesc* query, const Verdict* verdicts, int count) {
    bool audited = false, owed = false, waits = false;
    for (int i = 0; i < count; i++) {
        audited |= verdicts[i].audited;
        owed |= verdicts[i].owes;
        waits |= verdicts[i].waits;
    }
    if (!audited && !owed)
        return true;
    ListenForTheirEnds();
    PrepareOrigin();
    if (query == nullptr && CurrentFrame() == nullptr) {
        bool spent = !owed || SpendUses(query, nullptr, verdicts, count) >= 0;
        if (spent)
            RecordCall(verdicts, count);
        return spent;
    }
    if (unlikely(owed) && DeferUses(query))
        return true;
    const char* text;
    int length;
    TopLevelText(query, &text, &length);
    Statement* statement = CurrentStatement(query, text, length);
    int recorded = likely(!owed) ? 0 : SpendUses(query, statement, verdicts, count);
    if (recorded < 0)
        return false;
    int waiting = waits ? LastNewThatWaits(statement, verdicts, count) : -1;    // the recorder keeps the order: one wait is enough
    for (int i = recorded; i < count; i++) {
        if (!verdicts[i].audited)
            continue;
        if (Line* line = FindLine(statement, &verdicts[i]))
            line->executions++;
        else
            RecordLine(statement, NewLine(statement, &verdicts[i]), &verdicts[i], i == waiting, true, text, length);
    }
    return true;
}

uint64_t RefusedBefore(QueryDesc* query, const Verdict* verdicts, int count) {
    if (query == nullptr && CurrentFrame() == nullptr)
        return 0;
    ListenForTheirEnds();
    PrepareOrigin();
    const char* text;
    int length;
    TopLevelText(query, &text, &length);
    Statement* statement = CurrentStatement(query, text, length);
    bool before = true;
    for (int i = 0; i < count; i++) {
        Line* line = FindLine(statement, &verdicts[i]);
        before = before && line != nullptr;
        if (line == nullptr)
            line = NewLine(statement, &verdicts[i]);
        else
            line->executions++;
        line->promised = line->promised || (line->executions > 1 && TakePromise());
        line->ends = line->executions > 1;
    }
    return before ? statement->id : 0;
}

// Out of the way of those who have no ledger.
static pg_noinline void BeginBesideLedgers(QueryDesc* query) {
    if (Statement* statement = FindLedger(query))
        EndStatement(statement, true);
    ledgers.starting = nullptr;
    if (unlikely(ledgers.planned != nullptr))
        StartPlanned(query);
}

void BeginQuery(QueryDesc* query) {
    if (unlikely(ledgers.open != nullptr))
        BeginBesideLedgers(query);
}

static pg_noinline void EndBesideLedgers(QueryDesc* query) {
    Statement* statement = FindLedger(query);
    if (statement == nullptr)
        return;
    if (unlikely(statement->paid_count > 0))
        KeepPaid(statement);
    EndStatement(statement, false);
}

void EndStatementOf(QueryDesc* query) {
    if (unlikely(ledgers.open != nullptr))
        EndBesideLedgers(query);
}

}    // namespace warrant
