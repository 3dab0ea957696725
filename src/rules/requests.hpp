// Requests as committed, for those who wait for their decision.
#pragma once

#include "pg/server.hpp"

namespace warrant {

enum class RequestState : char { Unknown, Draft, Pending, Approved, Denied, Cancelled, Expired };

struct Request {
    RequestState state;    // Unknown: there is none
    Oid requester;
    bool awaited;    // a webhook has not yet given its first answer
    bool has_reason;
    bool has_ticket;
};

// The request as committed; raises 55000 when the table cannot be read.
Request FindRequest(int64 request_id);

// Whether the role is a member of the approvers of some policy that the request is under.
bool IsApprover(int64 request_id, Oid role);

}    // namespace warrant
