// What a call asks for that no refused statement does: under a policy whose on_refusal is refuse.
#pragma once

#include "pg/server.hpp"

#include "gate/check/refused_access.hpp"

namespace warrant {

// Why a refused statement files no request under the policy; nullptr where it files one.
const char* WhyAskedByCall(const Policy* policy);

// How many of the accesses are under such policies.
int CountAskedByCall(const RefusedAccess* asked, int count);

// The calls that ask for those accesses, for a HINT, or which request asks for them already; empty for none.
const char* HowToAsk(const RefusedAccess* asked, int count);

// The tables of the accesses as the literal of an array, as many as a line has room for.
const char* TablesOf(const RefusedAccess* asked, int count);

}    // namespace warrant
