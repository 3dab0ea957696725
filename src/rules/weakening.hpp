// What loosens: whether a definition's change lets through, or lets fewer or others decide about, what was not so before.
#pragma once

#include "pg/server.hpp"

#include "rules/policies.hpp"

namespace warrant {

// A policy before and after a change of it; nullptr where there is none. The rows of this transaction may hold either, or neither.
struct PolicyChange {
    Policy* before;
    Policy* after;
};

// Whether for some relation, command and subject the gate's own decision becomes laxer. It is asked over the policies as they will be if this
// transaction commits, for subjects told by the roles that policies name. Some things weaken whatever the other policies say: an open policy,
// exceptions, trusted definers, a webhook that decides, and the end of a policy that is not open. Where there are too many roles or relations
// to tell, it weakens. Holds back, until this transaction ends, who else changes policies.
bool Weakens(const PolicyChange& change);

// The same for another label of a relation, which has not been stored yet; nullptr is no label.
bool WeakensByLabel(Oid relation, const char* before, const char* after);

// Holds back, until this transaction ends, who else changes policies.
void AwaitOthers();

}    // namespace warrant
