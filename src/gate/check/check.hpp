// The check itself: each access is decided, and recorded or refused.
#pragma once

#include "pg/server.hpp"

#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "gate/access/access.hpp"
#include "gate/check/refusal_error.hpp"

namespace warrant {

// Checks a list of permissions that the server is about to check, as a whole. Raises 42501 when one is refused, 55000 when the gate cannot tell.
//   query        nullptr for what is no planned statement's
//   leaves_out   so many of the users who acted last are not asked
void CheckPermissions(QueryDesc* query, List* permissions, const PlanNotes& notes, bool exported, int leaves_out = 0);

// Checks accesses as CheckPermissions checks permissions. query is nullptr for those of a utility statement.
void CheckAccesses(QueryDesc* query, const AccessList* list, int leaves_out = 0);

// Refuses what an approval is missing for, as CheckAccesses does, and records nothing about what runs. parsed: the query that asks, when it is not
// planned yet. running: the query that goes on, when it runs already.
void RefuseUnapproved(const AccessList* list, Query* parsed = nullptr, int leaves_out = 0, const QueryDesc* running = nullptr);

// An access, and how it would be decided now for a user who has to pass: the subject, or the owner of a view or rule that the statement reads
// through.
struct ForeseenAccess {
    Access access;
    Oid user;
    const GoverningPolicies* policies;
    Decision decision;
    bool trusted;    // as a definer
    MissedGrant missed;
};

// Visits each access of the list that is protected, and those that the owners of views and rules need besides. Records, files and spends nothing.
void Foresee(const AccessList* list, void (*visit)(const ForeseenAccess& foreseen, void* context), void* context);

// What the subject would be refused now, each command and policy with its columns. In the current memory context.
RefusedAccess* ForeseeRefusals(const AccessList* list, int* count);

}    // namespace warrant
