// An access that was decided, and does not run.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"
#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "rules/governing_policies.hpp"

namespace warrant {

struct RefusedAccess {
    Access access;
    // nullptr where no policy could be told.
    const Policy* policy;
    const GoverningPolicies* policies;
    // Deny, Request or Refuse.
    Answer answer;
    // Why no grant would help, where the answer is Refuse; or nullptr.
    const char* why;
    // What to do then; or nullptr.
    const char* advice;
    // The columns (char*) that are refused under a policy on columns; NIL for the whole relation.
    List* columns;
    // A grant of the subject's that would serve another statement.
    MissedGrant missed;
};

TargetKind TargetKindOf(const GoverningPolicies* policies);

// The name that a message gives the object.
const char* NameOfTarget(const RefusedAccess* item);

// Adds an access to the items, or its columns to the item that is for the same command, relation and policy.
void AddItem(RefusedAccess* items, int* count, const Access& access, const GoverningPolicies* policies, const Decision* decision, Oid subject);

}    // namespace warrant
