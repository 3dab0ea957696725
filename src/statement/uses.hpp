// Uses of limited grants: each top-level statement spends one of each grant that it runs under, durably, before its first row or effect.
// Code that it runs, and rows that are fetched from it later, spend nothing more; a statement that fails has spent its use.
#pragma once

#include "pg/server.hpp"

#include "statement/statement_record.hpp"

namespace warrant {

// Whether what was decided owes a use: a limited grant lets it run, it is enforced, and its statement has not spent a use of the grant yet. EXPLAIN
// without ANALYZE owes none, because nothing runs.
bool OwesUse(const Decision* decision);

// Spends what the checked accesses owe and records them, all in one wait: how many of them are recorded now, from the first. -1: another session took
// the last use meanwhile; nothing is spent or recorded, and the statement is to be decided again.
// statement: their record; nullptr for a fast-path call, whose checked accesses are recorded afterwards. Raises 55000 when no recorder spends it,
// whatever pg_warrant.audit_failure says, and 40003 when the recorder has taken it and the answer does not come.
int SpendUses(QueryDesc* query, StatementRecord* statement, const CheckedAccess* checked, int count);

// Defers what a query owes. True when the client has only started the query, whose first run then records and spends.
bool DeferUses(QueryDesc* query);
inline bool has_deferred = false;    // this session has deferred uses at least once
bool WasDeferred(const QueryDesc* query);
inline bool IsDeferred(const QueryDesc* query) { return has_deferred && WasDeferred(query); }
void EndDeferral(const QueryDesc* query);

// Keeps what a cursor WITH HOLD has paid: COMMIT has materialised it and its query ends, but the portal goes on.
void KeepPaid(const StatementRecord* statement);

// Lets the rules know what is paid. Once in each process.
void CountUses();

}    // namespace warrant
