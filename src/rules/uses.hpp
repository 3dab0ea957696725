// Uses of limited grants. A use is one top-level statement; the recorder counts what is left in warrant.grant_uses.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// What a statement pays for running under a grant, the cheapest first.
enum class UseCost : uint8_t { Nothing, Paid, OneUse };

// Whether the statement under way, or the cursor that it fetches from, has spent a use of the grant. Set by the gate.
inline bool (*use_is_spent)(int64_t grant_id);

// The use cost of a limited grant; false when no use is left for a statement that has not spent one.
bool FindUseCost(int64_t grant_id, UseCost* cost);

// How many uses of the grant are left, as committed; 0 when nobody knows.
int32_t UsesLeft(int64_t grant_id);

}    // namespace warrant
