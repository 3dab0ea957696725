#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/policies.hpp"
#include "rules/governance.hpp"
#include "rules/decision.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "pg/frame.hpp"
#include "gate/fetch.hpp"
#include "statement/ledger.hpp"
#include "statement/record.hpp"
#include "statement/statement.hpp"
#include "statement/uses.hpp"

namespace warrant {

namespace {

Statement* open_statements = nullptr;
Statement* spare_statements = nullptr;
int last_sqlstate = 0;

// A statement whose planning has spent a use goes on with its ledger: first it waits for the start, then it is that query's.
Statement* planned = nullptr;
TimestampTz planned_in;        // the client's message
Statement* starting = nullptr;

void StatementText(const Source& source, const char** text, int* text_length) {
    const char* start = source.text == nullptr ? "" : source.text + (source.location > 0 ? source.location : 0);
    int size = source.length > 0 && source.location >= 0 ? source.length : int(strlen(start));
    while (size > 0 && scanner_isspace(*start))
        start++, size--;
    while (size > 0 && (scanner_isspace(start[size - 1]) || start[size - 1] == ';'))
        size--;
    *text = start;
    *text_length = size;
}

// The top-level statement's place in its source: the outermost frame's, or the starting query's own.
void TopLevelText(QueryDesc* query, const char** text, int* length) {
    const Frame* top = OutermostFrame();
    StatementText(top != nullptr ? SourceOf(top) : SourceOf(query), text, length);
}

// The client's statement's, when it is the query's or no query's. Another extension may have taken it out of a utility statement's plan.
uint64_t QueryIdOf(const QueryDesc* query) {
    if (query != nullptr)
        return uint64_t(query->plannedstmt->queryId);
    const Frame* top = OutermostFrame();
    uint64_t id = top == nullptr ? 0 : top->query != nullptr ? uint64_t(top->query->plannedstmt->queryId) : top->query_id;
    return id != 0 ? id : uint64_t(pgstat_get_my_query_id());
}

Statement* NewStatement(QueryDesc* owner, int nest_level) {
    Statement* statement = spare_statements;
    if (statement != nullptr)
        spare_statements = statement->next;
    else
        statement = static_cast<Statement*>(MemoryContextAllocZero(TopMemoryContext, sizeof(Statement)));
    statement->query = owner;
    statement->nest_level = nest_level;
    statement->id = pg_atomic_fetch_add_u64(&shared->next_statement, 1);
    statement->started = GetCurrentTimestamp();
    statement->rows = owner == nullptr ? -1 : 0;
    statement->count = 0;
    statement->deferred = false;
    if (statement->lines == nullptr) {
        statement->lines = statement->first_lines;
        statement->room = lengthof(statement->first_lines);
    }
    statement->next = open_statements;
    open_statements = statement;
    last_sqlstate = 0;
    return statement;
}

Statement* NewStatement(QueryDesc* owner, int nest_level, const char* text, int length) {
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    DigestOf(text, length, digest);
    Statement* statement = NewStatement(owner, nest_level);
    memcpy(statement->digest, digest, sizeof digest);
    statement->query_id = QueryIdOf(owner);
    return statement;
}

int64_t PolicyId(const Verdict* verdict) { return verdict->policy == nullptr ? 0 : verdict->policy->id; }

}    // namespace

Statement* FindLedger(const QueryDesc* query) {
    for (Statement* statement = open_statements; statement != nullptr; statement = statement->next)
        if (statement->query == query && query != nullptr)
            return statement;
    return nullptr;
}

int64_t GrantInUse(Oid relation, Command command) {
    for (const Statement* statement = open_statements; statement != nullptr; statement = statement->next)
        for (int i = 0; i < statement->count; i++)
            if (statement->lines[i].access.relation == relation && statement->lines[i].access.command == command)
                return statement->lines[i].grant_id;
    return 0;
}

int LevelOf(const Frame* frame) { return frame != nullptr && frame->nest_level > 0 ? frame->nest_level : GetCurrentTransactionNestLevel(); }

const Statement* StartingLedger() {
    const Frame* top = OutermostFrame();
    if (top == nullptr)
        return starting;
    return top->kind == FrameKind::Planning && planned_in == GetCurrentStatementStartTimestamp() ? planned : nullptr;
}

Statement* CurrentStatement(QueryDesc* query, const char* text, int length) {
    Frame* top = OutermostFrame();
    QueryDesc* owner = top == nullptr ? query : top->query;
    Statement* statement = owner != nullptr ? FindLedger(owner) : top->statement;
    if (statement != nullptr)
        return statement;
    statement = NewStatement(owner, LevelOf(top), text, length);
    if (owner == nullptr)
        top->statement = statement;
    return statement;
}

Statement* LedgerOf(QueryDesc* query, int nest_level) {
    if (Statement* statement = FindLedger(query))
        return statement;
    const char* text;
    int length;
    StatementText(SourceOf(query), &text, &length);
    return NewStatement(query, nest_level, text, length);
}

Line* FindLine(Statement* statement, const Verdict* verdict) {
    for (int i = 0; i < statement->count; i++) {
        Line* line = &statement->lines[i];
        if (line->access.relation == verdict->access.relation && line->access.command == verdict->access.command &&
             line->event == verdict->event && line->grant_id == verdict->grant_id && line->policy_id == PolicyId(verdict))
            return line;
    }
    return nullptr;
}

Line* NewLine(Statement* statement, const Verdict* verdict) {
    if (statement->count == statement->room) {
        Size size = 2 * statement->room * sizeof(Line);
        Line* more = static_cast<Line*>(MemoryContextAlloc(TopMemoryContext, size));
        memcpy(more, statement->lines, statement->count * sizeof(Line));
        if (statement->lines != statement->first_lines)
            pfree(statement->lines);
        statement->lines = more;
        statement->room *= 2;
    }
    Line* line = &statement->lines[statement->count++];
    line->access = verdict->access;
    line->event = verdict->event;
    line->policy_id = PolicyId(verdict);
    line->grant_id = verdict->grant_id;
    line->policy_version = verdict->policy == nullptr ? 0 : verdict->policy->version;
    line->executions = 1;
    line->ends = line->promised = line->stands = false;
    line->schema_name = verdict->governance->schema_name;
    line->relation_name = verdict->governance->relation_name;
    uint32_t size = verdict->policy == nullptr ? 0 : verdict->policy->name_size;
    line->policy_name_size = size < most_policy_name_bytes ? size : most_policy_name_bytes;
    if (size > 0)
        memcpy(line->policy_name, verdict->policy->name, line->policy_name_size);
    return line;
}

namespace {

pg_noinline int LastNewThatWaits(Statement* statement, const Verdict* verdicts, int count) {
    for (int i = count - 1; i >= 0; i--)
        if (verdicts[i].audited && verdicts[i].waits && FindLine(statement, &verdicts[i]) == nullptr)
            return i;
    return -1;
}

void EndStatement(Statement* statement, bool failed) {
    for (Statement** link = &open_statements; *link != nullptr; link = &(*link)->next)
        if (*link == statement) {
            *link = statement->next;
            break;
        }
    int64 deadline = 0;    // of all of them
    for (int i = 0; i < statement->count; i++)
        if (statement->lines[i].ends)
            RecordOutcome(statement, &statement->lines[i], failed, last_sqlstate, &deadline);
    if (unlikely(statement->paid_count > 0)) {
        planned = planned == statement ? nullptr : planned;
        starting = starting == statement ? nullptr : starting;
        statement->paid_count = 0;
    }
    statement->count = 0;
    statement->next = spare_statements;
    spare_statements = statement;
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
    Statement* statement = open_statements;
    bool first = true;
    while (statement != nullptr) {
        Statement* next = statement->next;
        if ((statement->query != nullptr || statement == planned) && statement->nest_level >= nest_level) {
            int sqlstate = first && !Mutant("error_under_way") ? ErrorUnderWay() : last_sqlstate;
            last_sqlstate = sqlstate != 0 || CurrentFrame() == nullptr ? sqlstate : last_sqlstate;
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
    for (Statement* statement = open_statements; statement != nullptr; statement = statement->next)
        if (statement->nest_level >= level)
            statement->nest_level = level - 1;
}

void OnExit(int, Datum) {
    last_sqlstate = FatalError();
    while (open_statements != nullptr)
        EndStatement(open_statements, true);
}

void LeaveFrame(Frame* frame, bool failed) {
    if (failed)
        last_sqlstate = geterrcode();
    Statement* statement = frame->statement;
    if (statement == nullptr)
        return;
    if (failed || frame->outer != nullptr || frame->kind != FrameKind::Planning || statement->paid_count == 0 || Mutant("planned_once")) {
        EndStatement(statement, failed);
        return;
    }
    if (planned != nullptr)
        EndStatement(planned, false);
    planned = statement;
    planned_in = GetCurrentStatementStartTimestamp();
}

// The client's statement that has been planned in this message is what starts now.
void StartPlanned(QueryDesc* query) {
    Statement* statement = planned;
    if (CurrentFrame() != nullptr || planned_in != GetCurrentStatementStartTimestamp()) {
        EndStatement(statement, false);
        return;
    }
    planned = nullptr;
    starting = statement;
    statement->query = query;
    statement->query_id = query->plannedstmt->queryId;
    statement->rows = 0;
}

// Only once there are ledgers: every transaction pays for who listens to its end.
void ListenForEnds() {
    static bool listening = false;
    if (listening)
        return;
    before_shmem_exit(OnExit, Datum(0));
    RegisterXactCallback(OnTransaction, nullptr);
    listening = true;
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
    ListenForEnds();
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
    ListenForEnds();
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

uint64_t LedgerUnderWay(const QueryDesc* query) {
    const Frame* top = OutermostFrame();
    const QueryDesc* owner = top == nullptr ? query : top->query;
    const Statement* statement = owner != nullptr ? FindLedger(owner) : top == nullptr ? nullptr : top->statement;
    return statement == nullptr ? 0 : statement->id;
}

void CountRows(QueryDesc* query, uint64_t rows) {
    if (open_statements == nullptr)
        return;
    if (Statement* statement = FindLedger(query))
        statement->rows += int64_t(rows);
}

void SetRows(Statement* statement, uint64_t rows) {
    if (statement != nullptr)
        statement->rows = int64_t(rows);
}

// Out of the way of those who have no ledger.
static pg_noinline void BeginBesideLedgers(QueryDesc* query) {
    if (Statement* statement = FindLedger(query))
        EndStatement(statement, true);
    starting = nullptr;
    if (unlikely(planned != nullptr))
        StartPlanned(query);
}

void BeginQuery(QueryDesc* query) {
    if (unlikely(open_statements != nullptr))
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
    if (unlikely(open_statements != nullptr))
        EndBesideLedgers(query);
}

bool HasLedgers() { return open_statements != nullptr; }

void DescribeStatement(QueryDesc* query, AuditFields* fields, const char** text, int* length) {
    if (query == nullptr && CurrentFrame() == nullptr) {    // a fast-path call has no statement
        *text = "";
        *length = 0;
    } else {
        TopLevelText(query, text, length);
    }
    *fields = AuditFields{};
    const Frame* top = OutermostFrame();
    const Statement* ledger = top == nullptr ? nullptr : top->query != nullptr ? FindLedger(top->query) : top->statement;
    fields->statement_id = ledger != nullptr ? ledger->id : pg_atomic_fetch_add_u64(&shared->next_statement, 1);
    fields->occurred_at = GetCurrentTimestamp();
    fields->xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    fields->query_id = ledger != nullptr ? ledger->query_id : QueryIdOf(top == nullptr ? query : nullptr);
    fields->rows = fields->duration_us = -1;
    fields->executions = 1;
    fields->has_digest = true;
    DigestOf(*text, *length, fields->digest);
}

}    // namespace warrant
