// For whom two states of the policies answer differently: people are told apart by the roles that they are members of.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"

namespace warrant {

// Two states of the policies that answer together for a command: by the members of a relation's family, or, for ADMIN, all in one member.
struct TwoStates {
    const Member* before;
    const Member* after;
    int count;
    Command command;
    const Policy* concerned;    // the policy that the states differ in, when one of them has it alone; or nullptr
};

// Whether the answer of the one and that of the other pass the test.
using AnswersTest = bool (*)(const Policy* before, const Policy* after);

// Whether there can be a person for whom the gate's own decisions over the two states pass the test. The person may be a member of whatever roles,
// also of roles that nobody is a member of yet. True also where it would take too long to tell.
bool IsSomebody(const TwoStates* states, AnswersTest test);

}    // namespace warrant
