// What of refused accesses others can see already.
#pragma once

#include "pg/server.hpp"

#include "gate/check/refused_access.hpp"

namespace warrant {

// Leaves out what a rollback of this transaction would take away: a request for a new partition or child asks for its ancestor that is committed
// instead. Returns why there can be no request, as the recorder would, or nullptr.
const char* AskForCommitted(RefusedAccess* items, int* count);

}    // namespace warrant
