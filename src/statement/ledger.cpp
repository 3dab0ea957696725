#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governance.hpp"
#include "rules/policies.hpp"
#include "queue/entry.hpp"
#include "queue/origin.hpp"
#include "queue/shared.hpp"
#include "statement/ledger.hpp"

namespace warrant {

namespace {

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

// The client's statement's, when it is the query's or no query's. Another extension may have taken it out of a utility statement's plan.
uint64_t QueryIdOf(const QueryDesc* query) {
    if (query != nullptr)
        return uint64_t(query->plannedstmt->queryId);
    const Frame* top = OutermostFrame();
    uint64_t id = top == nullptr ? 0 : top->query != nullptr ? uint64_t(top->query->plannedstmt->queryId) : top->query_id;
    return id != 0 ? id : uint64_t(pgstat_get_my_query_id());
}

int64_t PolicyId(const Verdict* verdict) { return verdict->policy == nullptr ? 0 : verdict->policy->id; }

}    // namespace

Statement* NewStatement(QueryDesc* owner, int nest_level) {
    Statement* statement = ledgers.spare;
    if (statement != nullptr)
        ledgers.spare = statement->next;
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
    statement->next = ledgers.open;
    ledgers.open = statement;
    ledgers.last_sqlstate = 0;
    return statement;
}

void TopLevelText(QueryDesc* query, const char** text, int* length) {
    const Frame* top = OutermostFrame();
    StatementText(top != nullptr ? SourceOf(top) : SourceOf(query), text, length);
}

static Statement* NewStatement(QueryDesc* owner, int nest_level, const char* text, int length) {
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    DigestOf(text, length, digest);
    Statement* statement = NewStatement(owner, nest_level);
    memcpy(statement->digest, digest, sizeof digest);
    statement->query_id = QueryIdOf(owner);
    return statement;
}

Statement* FindLedger(const QueryDesc* query) {
    for (Statement* statement = ledgers.open; statement != nullptr; statement = statement->next)
        if (statement->query == query && query != nullptr)
            return statement;
    return nullptr;
}

int64_t GrantInUse(Oid relation, Command command) {
    for (const Statement* statement = ledgers.open; statement != nullptr; statement = statement->next)
        for (int i = 0; i < statement->count; i++)
            if (statement->lines[i].access.relation == relation && statement->lines[i].access.command == command)
                return statement->lines[i].grant_id;
    return 0;
}

int LevelOf(const Frame* frame) { return frame != nullptr && frame->nest_level > 0 ? frame->nest_level : GetCurrentTransactionNestLevel(); }

const Statement* StartingLedger() {
    const Frame* top = OutermostFrame();
    if (top == nullptr)
        return ledgers.starting;
    return top->kind == FrameKind::Planning && ledgers.planned_in == GetCurrentStatementStartTimestamp() ? ledgers.planned : nullptr;
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

uint64_t LedgerUnderWay(const QueryDesc* query) {
    const Frame* top = OutermostFrame();
    const QueryDesc* owner = top == nullptr ? query : top->query;
    const Statement* statement = owner != nullptr ? FindLedger(owner) : top == nullptr ? nullptr : top->statement;
    return statement == nullptr ? 0 : statement->id;
}

void CountRows(QueryDesc* query, uint64_t rows) {
    if (ledgers.open == nullptr)
        return;
    if (Statement* statement = FindLedger(query))
        statement->rows += int64_t(rows);
}

void SetRows(Statement* statement, uint64_t rows) {
    if (statement != nullptr)
        statement->rows = int64_t(rows);
}

bool HasLedgers() { return ledgers.open != nullptr; }

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
