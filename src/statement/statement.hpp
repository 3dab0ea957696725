// A top-level statement while it runs: the first time an access is met it is recorded, before it has an effect; when the statement ends each access
// record reports its outcome.
#pragma once

#include "pg/server.hpp"

#include "statement/statement_record.hpp"

namespace warrant {

// Records the checked accesses that the current top-level statement had not yet, and waits for those that ask for it. Spends the uses that they owe,
// once a statement and grant; where one is owed, a query that the client has only started records at its first run. False when another session took
// the last use meanwhile: decide again. query is the one that is starting, nullptr in a utility statement. Raises 53400 or 55000 for a checked
// access that waits and cannot be recorded, unless pg_warrant.audit_failure allows it; the others go to the server log then.
bool RecordChecked(QueryDesc* query, const CheckedAccess* checked, int count);

// Notes refusals of the current top-level statement. Its id when it met each of them before, in code that went on after an error (the
// statement's outcome will tell how often); 0 otherwise.
uint64_t RefusedBefore(QueryDesc* query, const CheckedAccess* checked, int count);

// Notes that a query begins. What another query at this address left behind, when its cursor failed in a subtransaction, is forgotten.
void BeginQuery(QueryDesc* query);

// Ends the record of a query that has ended: its statement's outcome is reported. Cheap when it has no statement record.
void EndStatementOf(QueryDesc* query);

// Ends records with their frames, subtransactions and transactions, without allocation, wait or error. Before any hook is installed.
void FollowFrames();

}    // namespace warrant
