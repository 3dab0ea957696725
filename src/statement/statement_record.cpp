#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "queue/audit_columns.hpp"
#include "queue/entry.hpp"
#include "queue/origin.hpp"
#include "queue/shared.hpp"
#include "statement/statement_record.hpp"
#include "statement/withheld_text.hpp"

namespace warrant {

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

namespace {

// The query id of the client's statement, where the statement is the query or there is no query. Another extension may have taken it out of a
// utility statement's plan.
uint64_t QueryIdOf(const QueryDesc* query) {
    if (query != nullptr)
        return uint64_t(query->plannedstmt->queryId);
    const Frame* top = OutermostFrame();
    uint64_t id = top == nullptr ? 0 : top->query != nullptr ? uint64_t(top->query->plannedstmt->queryId) : top->query_id;
    return id != 0 ? id : uint64_t(pgstat_get_my_query_id());
}

int64_t PolicyId(const CheckedAccess* checked_access) { return checked_access->policy == nullptr ? 0 : checked_access->policy->id; }

// Whether the record is about the same, but for the columns.
bool IsOf(const AccessRecord* record, const CheckedAccess* checked_access) {
    return record->access.relation == checked_access->access.relation && record->access.command == checked_access->access.command &&
           record->event == checked_access->event && record->grant_id == checked_access->grant_id && record->policy_id == PolicyId(checked_access);
}

// What a new record of the checked access keeps of its columns.
pg_noinline TouchedColumns KeptColumns(const StatementRecord* statement, const CheckedAccess* checked_access) {
    int others = 0;
    for (int i = 0; i < statement->count; i++)
        others += IsOf(&statement->accesses[i], checked_access);
    if (others >= most_of_columns - 1)
        return TouchedColumns{};
    MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    TouchedColumns kept = {false, bms_copy(checked_access->access.touched.some)};
    MemoryContextSwitchTo(caller);
    return kept;
}

}    // namespace

StatementRecord* NewStatement(QueryDesc* owner, int nest_level) {
    StatementRecord* statement = statement_records.spare;
    if (statement != nullptr)
        statement_records.spare = statement->next;
    else
        statement = static_cast<StatementRecord*>(MemoryContextAllocZero(TopMemoryContext, sizeof(StatementRecord)));
    statement->query = owner;
    statement->nest_level = nest_level;
    statement->id = NextNumber();
    statement->started = GetCurrentTimestamp();
    statement->rows = owner == nullptr ? -1 : 0;
    statement->count = 0;
    statement->deferred = false;
    if (statement->accesses == nullptr) {
        statement->accesses = statement->first_accesses;
        statement->room = lengthof(statement->first_accesses);
    }
    statement->next = statement_records.open;
    statement_records.open = statement;
    statement_records.last_sqlstate = 0;
    return statement;
}

void TopLevelText(QueryDesc* query, const char** text, int* length) {
    const Frame* top = OutermostFrame();
    StatementText(top != nullptr ? SourceOf(top) : SourceOf(query), text, length);
    if (top != nullptr && top->utility != nullptr)
        WithholdSecrets(top->utility, text, length);
}

static StatementRecord* NewStatement(QueryDesc* owner, int nest_level, const char* text, int length) {
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    DigestOf(text, length, digest);
    StatementRecord* statement = NewStatement(owner, nest_level);
    memcpy(statement->digest, digest, sizeof digest);
    statement->query_id = QueryIdOf(owner);
    return statement;
}

StatementRecord* FindStatementRecord(const QueryDesc* query) {
    for (StatementRecord* statement = statement_records.open; statement != nullptr; statement = statement->next)
        if (statement->query == query && query != nullptr)
            return statement;
    return nullptr;
}

int64_t GrantInUse(Oid relation, Command command) {
    for (const StatementRecord* statement = statement_records.open; statement != nullptr; statement = statement->next)
        for (int i = 0; i < statement->count; i++)
            if (statement->accesses[i].access.relation == relation && statement->accesses[i].access.command == command)
                return statement->accesses[i].grant_id;
    return 0;
}

int LevelOf(const Frame* frame) { return frame != nullptr && frame->nest_level > 0 ? frame->nest_level : GetCurrentTransactionNestLevel(); }

const StatementRecord* StartingRecord() {
    const Frame* top = OutermostFrame();
    if (top == nullptr)
        return statement_records.starting;
    return top->kind == FrameKind::Planning && statement_records.planned_in == GetCurrentStatementStartTimestamp() ? statement_records.planned
                                                                                                                   : nullptr;
}

StatementRecord* CurrentStatement(QueryDesc* query, const char* text, int length) {
    Frame* top = OutermostFrame();
    QueryDesc* owner = top == nullptr ? query : top->query;
    StatementRecord* statement = owner != nullptr ? FindStatementRecord(owner) : top->statement;
    if (statement != nullptr)
        return statement;
    statement = NewStatement(owner, LevelOf(top), text, length);
    if (owner == nullptr)
        top->statement = statement;
    return statement;
}

StatementRecord* StatementRecordOf(QueryDesc* query, int nest_level) {
    if (StatementRecord* statement = FindStatementRecord(query))
        return statement;
    const char* text;
    int length;
    StatementText(SourceOf(query), &text, &length);
    return NewStatement(query, nest_level, text, length);
}

AccessRecord* FindAccessRecord(StatementRecord* statement, const CheckedAccess* checked_access) {
    for (int i = 0; i < statement->count; i++) {
        AccessRecord* record = &statement->accesses[i];
        if (IsOf(record, checked_access) && Covers(record->access.touched, checked_access->access.touched))
            return record;
    }
    return nullptr;
}

AccessRecord* NewAccessRecord(StatementRecord* statement, const CheckedAccess* checked_access) {
    if (statement->count == statement->room) {
        Size size = 2 * statement->room * sizeof(AccessRecord);
        AccessRecord* more = static_cast<AccessRecord*>(MemoryContextAlloc(TopMemoryContext, size));
        memcpy(more, statement->accesses, statement->count * sizeof(AccessRecord));
        if (statement->accesses != statement->first_accesses)
            pfree(statement->accesses);
        statement->accesses = more;
        statement->room *= 2;
    }
    bool tells_columns = unlikely(!checked_access->access.touched.all);
    TouchedColumns touched = tells_columns ? KeptColumns(statement, checked_access) : TouchedColumns{};
    AccessRecord* record = &statement->accesses[statement->count++];
    record->access = checked_access->access;
    record->access.touched = touched;
    record->event = checked_access->event;
    record->policy_id = PolicyId(checked_access);
    record->grant_id = checked_access->grant_id;
    record->policy_version = checked_access->policy == nullptr ? 0 : checked_access->policy->version;
    record->executions = 1;
    record->ends = record->promised = record->stands = false;
    record->schema_name = checked_access->policies->schema_name;
    record->relation_name = checked_access->policies->relation_name;
    uint32_t size = checked_access->policy == nullptr ? 0 : checked_access->policy->name_size;
    record->policy_name_size = size < most_policy_name_bytes ? size : most_policy_name_bytes;
    if (size > 0)
        memcpy(record->policy_name, checked_access->policy->name, record->policy_name_size);
    return record;
}

uint64_t RecordUnderWay(const QueryDesc* query) {
    const Frame* top = OutermostFrame();
    const QueryDesc* owner = top == nullptr ? query : top->query;
    const StatementRecord* statement = owner != nullptr ? FindStatementRecord(owner) : top == nullptr ? nullptr : top->statement;
    return statement == nullptr ? 0 : statement->id;
}

void CountRows(QueryDesc* query, uint64_t rows) {
    if (statement_records.open == nullptr)
        return;
    if (StatementRecord* statement = FindStatementRecord(query))
        statement->rows += int64_t(rows);
}

void SetRows(StatementRecord* statement, uint64_t rows) {
    if (statement != nullptr)
        statement->rows = int64_t(rows);
}

bool HasStatementRecords() { return statement_records.open != nullptr; }

void DescribeStatement(QueryDesc* query, AuditFields* fields, const char** text, int* length) {
    if (query == nullptr && current_frame == nullptr) {    // a fast-path call has no statement
        *text = "";
        *length = 0;
    } else {
        TopLevelText(query, text, length);
    }
    *fields = AuditFields{};
    const Frame* top = OutermostFrame();
    const StatementRecord* statement = top == nullptr ? nullptr : top->query != nullptr ? FindStatementRecord(top->query) : top->statement;
    uint64_t id = statement != nullptr ? statement->id : NextNumber();
    uint64_t query_id = statement != nullptr ? statement->query_id : QueryIdOf(top == nullptr ? query : nullptr);
    FillStatementFields(fields, id, query_id, GetCurrentTimestamp());
    DigestOf(*text, *length, fields->digest);
}

}    // namespace warrant
