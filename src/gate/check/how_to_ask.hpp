// The calls that ask for what was refused, for a HINT: foremost under a policy whose on_refusal is refuse, where no refused statement asks.
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

// The call of warrant.request that asks for the commands on the item's columns, or on its object where it has none.
const char* CallFor(const RefusedAccess* item, CommandMask commands, const char* claims);

// What the policies of the accesses want of every request, as further arguments of a call; or empty.
const char* ClaimsOf(const RefusedAccess* asked, int count);

// The tables of the accesses as the literal of an array, as many as a line has room for.
const char* TablesOf(const RefusedAccess* asked, int count);

}    // namespace warrant
