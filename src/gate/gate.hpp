// The gate: what a statement needs, decided before its first effect.
#pragma once

#include "pg/server.hpp"

#include "gate/statement.hpp"

namespace warrant {

// The accesses of one statement, each once.
struct AccessList {
    int count;
    int room;
    Access* items;
    Access first[16];
};

void AddAccess(AccessList* list, Oid relation, Command command);

// The accesses that DESIGN.md section 1 names for a relation that the server checks privileges of, and for a list of them. implied_reads:
// the relations whose writes include the reading (reading.hpp). exported: the rows leave by COPY.
void AddPermission(AccessList* list, const Permission& permission, List* implied_reads, bool exported);
void CollectAccesses(AccessList* list, List* permissions, List* implied_reads, bool exported);

// Something has to be decided about the relation: a policy governs it, or nobody knows its kind.
bool IsGoverned(Oid relation);

// Whether a planned statement of this process has to ask at all; false for our workers, the copy of a plan that a parallel worker runs
// for its leader, and the server's own referential-integrity lookups.
bool MustAsk(const QueryDesc* query, int eflags);

// The whole check of a planned statement. Raises 42501 when it is refused, 55000 when the gate cannot tell.
void CheckQuery(QueryDesc* query, int eflags);

// Before the statement is planned: refuses what would be refused when it starts, with the same request. Records nothing else.
void CheckBeforePlanning(Query* query, List* implied_reads, bool exported);

// Before more rows are fetched from a plan that has started in an earlier statement, or may have. Records nothing else.
void CheckBeforeFetch(const PlannedStmt* plan);

// The same for a list of permissions that the server is about to check; query is nullptr when it is no planned statement's.
void CheckPermissions(QueryDesc* query, List* permissions, List* implied_reads, bool exported);

// The same for the accesses of a utility statement; query is nullptr there.
void CheckAccesses(QueryDesc* query, const AccessList* list);

// The gate has work in this process: the extension is installed (by committed state) and this is no worker of ours.
bool GateIsPresent();

}    // namespace warrant
