// What a planned statement, or a list of the server's privilege checks, needs.
#pragma once

#include "pg/server.hpp"

#include "pg/permissions.hpp"
#include "rules/access.hpp"
#include "gate/access/plan_notes.hpp"

namespace warrant {

// The accesses of one statement, each once.
struct AccessList {
    int count = 0;
    int room;
    Access* items = nullptr;
    // Of OwnerAccess: whom the server checks instead of the caller.
    List* others = NIL;
    // Most statements have no more. Their values are not begun, which would cost a statement 115 instructions.
    static constexpr int most_at_first = 16;
    alignas(Access) char first[most_at_first * sizeof(Access)];
};

// The owner of a view or rule, who has chosen its query. What the query reaches runs for the owner where rows go into a relation, or a relation is
// changed. Rows that the caller only reads through it go to the caller alone.
struct OwnerAccess {
    Access access;
    Oid user;
    bool stored;
};

// Adds an access, one for each column that is decided about by itself, and one for the others. Those that have no column, such as DELETE, CREATE and
// ADMIN, touch all.
void AddAccess(AccessList* list, Oid relation, Command command, Oid definer = InvalidOid, TouchedColumns touched = {});

// What two accesses touch together.
TouchedColumns Both(const TouchedColumns& a, const TouchedColumns& b);

// Adds the accesses to one relation that the server checks privileges of, or to a list of them.
//   notes      what the analysed statement shows (plan_notes.hpp)
//   exported   the rows go where no approval is needed to read them
void AddPermission(AccessList* list, const Permission& permission, const PlanNotes& notes, bool exported);
void CollectAccesses(AccessList* list, List* permissions, const PlanNotes& notes, bool exported);

// Whether the statement sends what it reads out, or writes it to a relation that anybody reads without approval, a new one included.
bool Exports(const QueryDesc* query, List* permissions);

// The two parts of Exports: whether the statement writes to such a relation, and whether the utility statement whose query it is (may be
// nullptr) exports.
bool WritesUnprotected(List* permissions);
bool ExportsResult(const Node* utility);

// The utility statement in an EXPLAIN; nullptr when it explains a query.
Node* ExplainedUtility(const ExplainStmt* explain);

// Whether a planned statement of this process has to ask at all. The copy of a plan that a parallel worker runs for its leader has not, nor have the
// server's own referential-integrity lookups.
bool MustAsk(const QueryDesc* query, int eflags);

// Whether the query is what a foreign key's action writes, for which the server switched to the table's owner: the gate asks the subject, not
// that owner.
bool IsKeyAction(const QueryDesc* query, int eflags);

// Whether the relation is the materialized view that the server writes to by statements of its own, in REFRESH ... CONCURRENTLY around this one.
bool IsOfRefresh(Oid relation);

// Whether these permissions, asked for without a plan, are of the server's own referential-integrity lookup.
bool IsIntegrityProbe(const List* permissions);

}    // namespace warrant
