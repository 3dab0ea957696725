// The gate: what a statement needs, decided before its first effect.
#pragma once

#include "pg/server.hpp"

#include "gate/access/reading.hpp"
#include "statement/statement.hpp"

namespace warrant {

// The accesses of one statement, each once.
struct AccessList {
    int count;
    int room;
    Access* items;
    List* others;    // Others: whom the server checks instead of the caller, of those who are asked
    Access first[16];
};

// The owner of a view or rule, which are his words: what it reaches runs for him where it goes into a relation, or changes one. What the caller
// reads through it goes to him alone.
struct Others {
    Access access;
    Oid user;
    bool stored;
};

void AddAccess(AccessList* list, Oid relation, Command command, Oid definer = InvalidOid);

// The accesses to a relation that the server checks privileges of, and for a list of them. reads:
// of what the statement writes (reading.hpp). exported: the rows go where no approval is needed to read them.
void AddPermission(AccessList* list, const Permission& permission, const TargetReads& reads, bool exported);
void CollectAccesses(AccessList* list, List* permissions, const TargetReads& reads, bool exported);

// Catalogues with values of the columns that ANALYZE sampled, and their toast tables: to read them is ADMIN.
inline bool HoldsSamples(Oid relation) {
    constexpr Oid toast_of_statistic = 2840, toast_of_extended = 3430;
    return relation == StatisticRelationId || relation == toast_of_statistic || relation == StatisticExtDataRelationId ||
           relation == toast_of_extended;
}

// Something has to be decided about the relation: a policy governs it, or nobody knows its kind.
bool IsGoverned(Oid relation);

// The utility statement around what starts or is planned now; nullptr when there is none, or a query in between.
const Node* CurrentUtility();

// Whether the statement sends what it reads out, or writes it to a relation that anybody reads without approval, a new one included.
bool Exports(const QueryDesc* query, List* permissions);

// The same by the parts: of what it writes to, and of the utility statement whose query it is (may be nullptr).
bool WritesUnprotected(List* permissions);
bool ExportsResult(const Node* utility);

// The utility statement in an EXPLAIN; nullptr when it explains a query.
Node* ExplainedUtility(const ExplainStmt* explain);

// Whether a planned statement of this process has to ask at all; false for our workers, the copy of a plan that a parallel worker runs
// for its leader, and the server's own referential-integrity lookups.
bool MustAsk(const QueryDesc* query, int eflags);

// Whether it is what a foreign key's action writes, for which the server switched to the table's owner: it asks the subject, not him.
bool IsKeyAction(const QueryDesc* query, int eflags);

// Whether the relation is the materialized view that the server writes to by statements of its own, in REFRESH ... CONCURRENTLY around this one.
bool IsOfRefresh(Oid relation);

// Whether these permissions, asked for without a plan, are of such a lookup.
bool IsIntegrityProbe(const List* permissions);

// The whole check of a planned statement. Raises 42501 when it is refused, 55000 when the gate cannot tell. Returns a flag for its errors,
// or 0 (withheld.hpp).
int CheckQuery(QueryDesc* query, int eflags);

// At the first run of a query whose start has recorded nothing (uses.hpp): decides again and records.
void CheckDeferred(QueryDesc* query);

// Before the statement is planned: refuses what would be refused when it starts, with the same request. Records nothing else. utility: the
// statement whose query it is, or nullptr.
void CheckBeforePlanning(Query* query, const TargetReads& reads, const Node* utility);

// Before more rows are fetched from a plan that has started in an earlier statement, or may have. Records nothing else.
void CheckBeforeFetch(const PlannedStmt* plan);

// The same for our own tables alone, in the transaction that creates the extension, where there is no gate yet.
void CheckNewOwnTables(List* permissions);

// The same for a list of permissions that the server is about to check; query is nullptr when it is no planned statement's.
// leaves_out: so many of the latest who act are not asked.
void CheckPermissions(QueryDesc* query, List* permissions, const TargetReads& reads, bool exported, int leaves_out = 0);

// The same for the accesses of a utility statement; query is nullptr there.
void CheckAccesses(QueryDesc* query, const AccessList* list, int leaves_out = 0);

// Refuses as CheckAccesses, and records nothing about what runs. parsed: the query that asks, when it is not planned yet.
void RefuseMissing(const AccessList* list, Query* parsed = nullptr, int leaves_out = 0);

// It is decided and recorded, and runs whatever the decision is.
bool IsMonitored(const Decision* decision);

// Enforcement is off: nothing is decided; what belongs to the gate stays its own.
bool GateIsOff();

// The gate has work in this process: the extension is installed (by committed state) and this is no worker of ours.
bool GateIsPresent();

}    // namespace warrant
