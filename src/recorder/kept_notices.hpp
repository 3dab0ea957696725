// The rows of requests and grants that were sealed last, kept for their notifications: reading them from the log again took a tenth of the recorder's
// time for an action.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// A row was sealed, the latest; it is kept if it is of a request or grant.
void KeepNotice(int64_t seq, const text* event, int64_t request_id, int64_t grant_id);

// The rows from this one on are numbered anew: those that had the numbers were rolled back.
void ForgetNotices(int64_t from_seq);

// Rows up to this one are not kept.
void LeaveNotices(int64_t until_seq);

// Whether all such rows behind this one are kept.
bool AreKept(int64_t after_seq);

// Notifies of the kept rows behind the one and up to the other; in a transaction.
void SendKept(int64_t after_seq, int64_t until_seq);

// Listeners know of all rows up to this one.
void DropKept(int64_t until_seq);

}    // namespace warrant
