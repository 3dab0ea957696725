// The policies of a family before and after a change, and whether that loosens something for the family.
#pragma once

#include "pg/server.hpp"

#include "rules/members.hpp"
#include "rules/policies.hpp"

namespace warrant {

// before[i] and after[i] are those of one member, or of several members that have equal ones.
struct FamilyStates {
    int count;
    Member* before;
    Member* after;
    bool differ;
};

// With room for so many members, in the current memory context.
FamilyStates NewFamilyStates(int members);

void AddState(FamilyStates* family, const Member& before, const Member& after, bool differ);

// Whether an access that the policy before governs is answered laxer by the policy after; nullptr is no policy.
bool IsLaxer(const Policy* before, const Policy* after);

// Whether the change loosens the command for the family, whatever statements have given to policies of effect auto. concerned: as for TwoStates.
bool LoosensCommand(const FamilyStates* family, Command command, const Policy* concerned);

// Whether the change loosens a command for the family, or for one of its columns. concerned: as for TwoStates.
bool LoosensFamily(const FamilyStates* family, const Policy* concerned);

}    // namespace warrant
