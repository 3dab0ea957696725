// The record of a top-level statement: an access record for each checked access, however often its functions run.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/access.hpp"
#include "rules/decision.hpp"
#include "queue/entry.hpp"

namespace warrant {

// One access of the statement; names are copied, because the cache they came from may change before the statement ends.
struct AccessRecord {
    Access access;    // what it touches is a copy, which ends with the statement
    Event event;
    int64_t policy_id;
    int64_t grant_id;
    int32_t policy_version;
    int32_t executions;
    bool ends;        // an outcome row follows
    bool promised;    // the ring keeps room for the outcome row
    bool stands;      // a grant allows the access: its row and its outcome wait for room in the ring
    NameData schema_name;
    NameData relation_name;
    char policy_name[most_policy_name_bytes];
    uint32_t policy_name_size;
};

// What to record about an access that runs, or would have been refused.
struct CheckedAccess {
    Access access;
    Event event;
    const GoverningPolicies* policies;
    const Policy* policy;
    int64_t grant_id;
    bool audited;
    bool waits;              // the row is durable before the first effect
    bool owes_use;           // one of its grant
    bool stands;             // a grant allows the access: its row must stand in the table
    int64_t max_rows = 0;    // that its grant lets a statement read and write; 0: no limit
    // The names of the columns that it touches, as a JSON array; nullptr for all, or where the row does not tell.
    const char* columns = nullptr;
};

struct StatementRecord {
    StatementRecord* next;
    QueryDesc* query;    // nullptr: a utility statement's or a planning's, ended by its frame
    int nest_level;      // of the transaction that its top-level statement began in
    uint64_t id;
    uint64_t query_id;
    TimestampTz started;
    int64_t rows;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    int count;
    int room;
    AccessRecord* accesses;
    AccessRecord first_accesses[4];
    bool deferred;    // nothing is recorded yet: the first run of the query does that
    int paid_count;
    int paid_room;
    int64_t* paid;    // grants whose use is spent
};

// The statement records of this process.
struct StatementRecords {
    StatementRecord* open;    // of statements under way, and of cursors
    StatementRecord* spare;
    StatementRecord* planned;    // the planning of this statement has spent a use: the record waits for the start, and belongs to the query then
    TimestampTz planned_in;      // when the client's message came in which planned was planned
    StatementRecord* starting;
    int last_sqlstate;    // of the failure that was noted last
};
inline StatementRecords statement_records;

// The statement record of a query that starts or runs; nullptr when it has none.
StatementRecord* FindStatementRecord(const QueryDesc* query);

// The statement record of a query, made when there is none. nest_level: of the transaction that the query began in.
StatementRecord* StatementRecordOf(QueryDesc* query, int nest_level);

// What the planning of the client's statement has left to its start, and to another planning of it; nullptr when that spent no use, and once
// another statement has started.
const StatementRecord* StartingRecord();

// The statement record of the top-level statement under way, made with this text when it has none.
StatementRecord* CurrentStatement(QueryDesc* query, const char* text, int length);

// The access record of a checked access; nullptr when it is a new one. Other columns of a relation are another access, of which a statement has so
// many: with the last of them its rows tell columns no more.
constexpr int most_of_columns = 16;
AccessRecord* FindAccessRecord(StatementRecord* statement, const CheckedAccess* checked_access);
AccessRecord* NewAccessRecord(StatementRecord* statement, const CheckedAccess* checked_access);

// The nesting level of the transaction in which the frame's statement began; it may be in a subtransaction of its own now.
int LevelOf(const Frame* frame);

// A new statement record; of no query and no frame, it is a fast-path call's. Its digest is for the caller to fill.
StatementRecord* NewStatement(QueryDesc* owner, int nest_level);

// A statement within its source, without the blanks and semicolons around it.
void StatementText(const Source& source, const char** text, int* text_length);

// The place of the top-level statement under way, or of the query that is starting, in its source.
void TopLevelText(QueryDesc* query, const char** text, int* length);

// The id of the current top-level statement's record; 0 when it has none yet.
uint64_t RecordUnderWay(const QueryDesc* query);

// The grant under which a statement under way makes this access, as its record has it; 0 for none.
int64_t GrantInUse(Oid relation, Command command);

// Rows of a run of this query, added to its statement's outcome.
void CountRows(QueryDesc* query, uint64_t rows);

// Rows of a utility statement, as its completion tag has them; nothing for a statement without a record.
void SetRows(StatementRecord* statement, uint64_t rows);

// Whether some top-level statement under way, or an open cursor's, has a statement record.
bool HasStatementRecords();

// The client's statement as the audit names it: its text within the source string, and its fields. The query is the one that is
// starting, or nullptr.
void DescribeStatement(QueryDesc* query, AuditFields* fields, const char** text, int* length);

}    // namespace warrant
