// The HINT of a refusal for a subject who has a grant on some columns of the relation.
#pragma once

#include "pg/server.hpp"

#include "gate/check/refused_access.hpp"

namespace warrant {

// The call that asks for the columns which the statement touches, and no others: the request that was filed is for the whole relation. On a line of
// its own; or empty.
const char* WhatColumnsNeed(const RefusedAccess* asked, int count);

}    // namespace warrant
