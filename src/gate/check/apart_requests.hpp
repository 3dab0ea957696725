// The requests of a refusal under several policies, told apart.
#pragma once

#include "pg/server.hpp"

#include "gate/check/refused_access.hpp"

namespace warrant {

// The recorder has filed one for each policy, in the order of the policies' numbers.
struct ApartRequests {
    int count;    // 0: they are too many to be told apart, or not all were filed
    const Policy* policies[10];
    const char* ids[10];
};

// The answer is request ids with commas, the accesses are those that have requests. In the current memory context.
ApartRequests TellApart(const RefusedAccess* asked, int count, const char* answer);

// The place of the policy's request; count for a policy that has none.
int PlaceOf(const ApartRequests* apart, const Policy* policy);

}    // namespace warrant
