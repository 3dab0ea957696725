// The ledger of a top-level statement: one line for each access and verdict, however often its functions run. The first time a line is
// met it is recorded, before it has an effect; when the statement ends each line reports its outcome.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "queue/entry.hpp"
#include "rules/decision.hpp"

namespace warrant {

struct Access {
    Oid relation;              // of CREATE: the schema; of ADMIN: this database
    Command command;
    Oid definer;               // whom the server checks, when a policy trusts his views and functions; or InvalidOid
};

// One line; names are copied, because the cache they came from may change before the statement ends.
struct Line {
    Access access;
    Event event;
    int64_t policy_id;
    int64_t grant_id;
    int32_t policy_version;
    int32_t executions;
    bool ends;                 // with an outcome
    bool promised;             // room for it is kept in the ring
    bool stands;               // a grant allows it: it waits for room in the ring, as its outcome does
    NameData schema_name;
    NameData relation_name;
    char policy_name[most_policy_name_bytes];
    uint32_t policy_name_size;
};

// What to record about an access that runs, or would have been refused.
struct Verdict {
    Access access;
    Event event;
    const Governance* governance;
    const Policy* policy;
    int64_t grant_id;
    bool audited;
    bool waits;                // durable before the first effect
    bool owes;                 // a use of its grant
    bool stands;               // a grant allows it: its row must stand in the table
};

// Records the verdicts that the current top-level statement had not yet, and waits for those that ask for it. Spends the uses that they owe,
// once a statement and grant; under such, a query that the client has only started records at its first run. False when another session
// took the last use meanwhile: decide again.
// query is the one that is starting, nullptr in a utility statement. Raises 53400 or 55000 for a verdict that waits and cannot be
// recorded, unless pg_warrant.audit_failure allows it; the others go to the server log then.
bool RecordVerdicts(QueryDesc* query, const Verdict* verdicts, int count);

// Notes refusals of the current top-level statement. Its id when it met each of them before, in code that went on after an error (the
// statement's outcome will tell how often); 0 otherwise.
uint64_t RefusedBefore(QueryDesc* query, const Verdict* verdicts, int count);

// The id of the current top-level statement's ledger; 0 when it has none yet.
uint64_t LedgerUnderWay(const QueryDesc* query);

// The grant under which a statement under way makes this access, as its ledger has it; 0 for none.
int64_t GrantInUse(Oid relation, Command command);

// Rows of a run of this query, added to its statement's outcome.
void CountRows(QueryDesc* query, uint64_t rows);

// Rows of a utility statement, as its completion tag has them; nothing for a statement without a ledger.
void SetRows(Statement* statement, uint64_t rows);

// A query begins: what another one at the same address left behind, when its cursor failed in a subtransaction, is not its own.
void BeginQuery(QueryDesc* query);

// The query has ended: its statement's outcome is reported. Cheap when it has no ledger.
void EndStatementOf(QueryDesc* query);

// Ends ledgers with their frames, subtransactions and transactions, without allocation, wait or error. Before any hook is installed.
void FollowFrames();

// Some top-level statement under way, or an open cursor's, has a ledger.
bool HasLedgers();

// The client's statement as the audit names it: its text within the source string, and its fields. The query is the one that is
// starting, or nullptr.
void DescribeStatement(QueryDesc* query, AuditFields* fields, const char** text, int* length);

}    // namespace warrant
