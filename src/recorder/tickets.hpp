// The ticket of the grant or request that a row of the log is about: that of the grant where it has one. nullptr where there is none, and for 0.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// As the current transaction has it; in the current memory context.
const char* TicketNow(int64_t grant_id, int64_t request_id);

// For a row that a session sends. Such a grant is committed, and its ticket never changes, so that it is read once; in memory that lives until the
// next call.
const char* TicketOf(int64_t grant_id, int64_t request_id);

}    // namespace warrant
