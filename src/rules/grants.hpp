// Grants as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/governance.hpp"
#include "rules/uses.hpp"

namespace warrant {

struct LiveGrant {
    int64_t id;           // 0: none
    TimestampTz ends_at;
    Price price;
};

// The committed grant that covers the command on the relation for the subject or a role of his, made under this policy and in its
// window now, with uses left; of several the cheapest, and of those the one that lives longest. Raises 55000 when the table cannot be trusted.
LiveGrant FindGrant(Oid subject, const Policy* policy, const Governance* governance, Command command, TimestampTz now);

}    // namespace warrant
