#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/frame.hpp"
#include "pg/in_frame.hpp"
#include "pg/settings.hpp"
#include "pg/transaction_end.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "statement/row_budgets.hpp"
#include "statement/rows.hpp"
#include "statement/start.hpp"
#include "statement/statement.hpp"
#include "statement/statement_record.hpp"
#include "statement/uses.hpp"

namespace warrant {

namespace {

pg_noinline int LastNewThatWaits(StatementRecord* statement, const CheckedAccess* checked, int count) {
    for (int i = count - 1; i >= 0; i--)
        if (checked[i].audited && checked[i].waits && FindAccessRecord(statement, &checked[i]) == nullptr)
            return i;
    return -1;
}

void EndStatement(StatementRecord* statement, bool failed) {
    for (StatementRecord** link = &statement_records.open; *link != nullptr; link = &(*link)->next)
        if (*link == statement) {
            *link = statement->next;
            break;
        }
    int64 deadline = 0;    // for all outcome rows together
    for (int i = 0; i < statement->count; i++) {
        AccessRecord* record = &statement->accesses[i];
        if (record->ends)
            SendOutcomeRow(statement, record, failed, statement_records.last_sqlstate, &deadline);
        if (!record->access.touched.all)
            bms_free(const_cast<Bitmapset*>(record->access.touched.some));
    }
    if (statement->paid_count > 0) {
        statement_records.planned = statement_records.planned == statement ? nullptr : statement_records.planned;
        statement_records.starting = statement_records.starting == statement ? nullptr : statement_records.starting;
        statement->paid_count = 0;
    }
    statement->count = 0;
    statement->next = statement_records.spare;
    statement_records.spare = statement;
}

// The error that ends the (sub)transaction: the server keeps it until that is over. A ROLLBACK has none, and neither has code that caught it before.
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
    StatementRecord* statement = statement_records.open;
    bool first = true;
    while (statement != nullptr) {
        StatementRecord* next = statement->next;
        if ((statement->query != nullptr || statement == statement_records.planned) && statement->nest_level >= nest_level) {
            int sqlstate = first ? ErrorUnderWay() : statement_records.last_sqlstate;
            statement_records.last_sqlstate = sqlstate != 0 || current_frame == nullptr ? sqlstate : statement_records.last_sqlstate;
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
        EndQueriesFrom(level);
    }
    if (event != SUBXACT_EVENT_COMMIT_SUB)
        return;
    for (StatementRecord* statement = statement_records.open; statement != nullptr; statement = statement->next)
        if (statement->nest_level >= level)
            statement->nest_level = level - 1;
}

void OnExit(int, Datum) {
    statement_records.last_sqlstate = FatalError();
    while (statement_records.open != nullptr)
        EndStatement(statement_records.open, true);
}

void LeaveFrame(Frame* frame, bool failed) {
    if (failed)
        statement_records.last_sqlstate = geterrcode();
    StatementRecord* statement = frame->statement;
    if (statement == nullptr)
        return;
    if (failed || frame->outer != nullptr || frame->kind != FrameKind::Planning || statement->paid_count == 0) {
        EndStatement(statement, failed);
        return;
    }
    if (statement_records.planned != nullptr)
        EndStatement(statement_records.planned, false);
    statement_records.planned = statement;
    statement_records.planned_in = GetCurrentStatementStartTimestamp();
}

// Gives the record of a planning to its query: the client's statement that has been planned in this message is what starts now.
void StartPlanned(QueryDesc* query) {
    StatementRecord* statement = statement_records.planned;
    if (current_frame != nullptr || statement_records.planned_in != GetCurrentStatementStartTimestamp()) {
        EndStatement(statement, false);
        return;
    }
    statement_records.planned = nullptr;
    statement_records.starting = statement;
    statement->query = query;
    statement->query_id = query->plannedstmt->queryId;
    statement->rows = 0;
}

// The ends of transactions are listened to only once there are statement records, because every transaction pays for it.
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

// A fast-path call is no statement, and what runs inside it has no frame around it: the client's message tells it from others.
static uint64_t CallNumber() { return ~uint64_t(GetCurrentStatementStartTimestamp()); }

// A fast-path call is no statement: nobody tells of its end.
static void RecordCall(const CheckedAccess* checked, int count) {
    StatementRecord* statement = NewStatement(nullptr, GetCurrentTransactionNestLevel());
    DigestOf("", 0, statement->digest);
    statement->query_id = 0;
    int waiting = LastNewThatWaits(statement, checked, count);
    PG_TRY();
    {
        for (int i = 0; i < count; i++)
            if (checked[i].audited && FindAccessRecord(statement, &checked[i]) == nullptr)
                SendAccessRow(statement, NewAccessRecord(statement, &checked[i]), &checked[i], i == waiting, false, "", 0);
    }
    PG_FINALLY();
    { EndStatement(statement, false); }
    PG_END_TRY();
}

bool RecordChecked(QueryDesc* query, const CheckedAccess* checked, int count) {
    bool audited = false, owed = false, waits = false, limited = false;
    for (int i = 0; i < count; i++) {
        audited |= checked[i].audited;
        owed |= checked[i].owes_use;
        waits |= checked[i].waits;
        limited |= checked[i].max_rows > 0;
    }
    if (!audited && !owed && !limited)
        return true;
    ListenForTheirEnds();
    PrepareOrigin();
    if (query == nullptr && current_frame == nullptr) {
        if (limited)
            LimitRows(query, CallNumber(), checked, count);
        bool spent = !owed || SpendUses(query, nullptr, checked, count) >= 0;
        if (spent)
            RecordCall(checked, count);
        return spent;
    }
    if (owed && DeferUses(query))
        return true;
    const char* text;
    int length;
    TopLevelText(query, &text, &length);
    StatementRecord* statement = CurrentStatement(query, text, length);
    if (limited)
        LimitRows(query, ActivePortal == nullptr ? CallNumber() : statement->id, checked, count);
    int recorded = owed ? SpendUses(query, statement, checked, count) : 0;
    if (recorded < 0)
        return false;
    int waiting = waits ? LastNewThatWaits(statement, checked, count) : -1;    // the recorder keeps the order: one wait is enough
    for (int i = recorded; i < count; i++) {
        if (!checked[i].audited)
            continue;
        if (AccessRecord* record = FindAccessRecord(statement, &checked[i]))
            record->executions++;
        else
            SendAccessRow(statement, NewAccessRecord(statement, &checked[i]), &checked[i], i == waiting, true, text, length);
    }
    return true;
}

uint64_t RefusedBefore(QueryDesc* query, const CheckedAccess* checked, int count) {
    if (query == nullptr && current_frame == nullptr)
        return 0;
    ListenForTheirEnds();
    PrepareOrigin();
    const char* text;
    int length;
    TopLevelText(query, &text, &length);
    StatementRecord* statement = CurrentStatement(query, text, length);
    bool before = true;
    for (int i = 0; i < count; i++) {
        AccessRecord* record = FindAccessRecord(statement, &checked[i]);
        before = before && record != nullptr;
        if (record == nullptr)
            record = NewAccessRecord(statement, &checked[i]);
        else
            record->executions++;
        record->promised = record->promised || (record->executions > 1 && TakePromise());
        record->ends = record->executions > 1;
    }
    return before ? statement->id : 0;
}

void BeginQuery(QueryDesc* query) {
    if (statement_records.open == nullptr)
        return;
    if (StatementRecord* statement = FindStatementRecord(query))
        EndStatement(statement, true);
    statement_records.starting = nullptr;
    if (statement_records.planned != nullptr)
        StartPlanned(query);
}

void EndStatementOf(QueryDesc* query) {
    if (statement_records.open == nullptr)
        return;
    StatementRecord* statement = FindStatementRecord(query);
    if (statement == nullptr)
        return;
    if (statement->paid_count > 0)
        KeepPaid(statement);
    EndStatement(statement, false);
}

}    // namespace warrant
