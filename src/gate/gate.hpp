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

// The accesses that DESIGN.md section 1 names for each relation that the server checks privileges of. exported: the rows leave by COPY.
void CollectAccesses(AccessList* list, List* permissions, bool returning, bool exported);

// Whether a planned statement of this process has to ask at all; false for our workers, the copy of a plan that a parallel worker runs
// for its leader, and the server's own referential-integrity lookups.
bool MustAsk(const QueryDesc* query, int eflags);

// The whole check of a planned statement. Raises 42501 when it is refused, 55000 when the gate cannot tell.
void CheckQuery(QueryDesc* query, int eflags);

// A run of a query that was started, or run, by an earlier statement: a cursor's FETCH, a suspended portal. Refuses what would be refused
// when it starts now; records nothing else.
void CheckAgain(QueryDesc* query);

// Before the statement is planned, which shows statistics to users' operators and runs immutable functions: refuses what would be refused
// when it starts. Records nothing else. Exported: its rows go to a COPY.
void CheckBeforePlanning(Query* query, bool exported);

// The same for a list of permissions that the server is about to check; query is nullptr when it is no planned statement's.
void CheckPermissions(QueryDesc* query, List* permissions, bool returning, bool exported);

// The same for the accesses of a utility statement; query is nullptr there.
void CheckAccesses(QueryDesc* query, const AccessList* list);

// The gate has work in this process: the extension is installed (by committed state) and this is no worker of ours.
bool GateIsPresent();

}    // namespace warrant
