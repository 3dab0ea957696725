// Grants as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/governing_policies.hpp"
#include "rules/uses.hpp"

namespace warrant {

struct LiveGrant {
    int64_t id;           // 0: none
    TimestampTz ends_at;
    UseCost cost;
};

// Grants of the role were made or ended, so the server's message says: decisions are void if they depend on them. Callable from callbacks.
void InvalidateGrantsOf(Oid role);

// Sends that message when the current transaction commits. The server carries OIDs of relations; nothing happens where a relation has the role's,
// but that it is looked at again.
void SendGrantsChanged(Oid role);

// The committed grant that covers the command on the relation for the subject or a role of his, made under this policy and in its
// window now, with uses left; of several the cheapest, and of those the one that lives longest. Raises 55000 when the table cannot be trusted.
LiveGrant FindGrant(Oid subject, const Policy* policy, const GoverningPolicies* governing, Command command, TimestampTz now);

// Whether this database is where its grants were made, not a copy, where none lives.
bool AreAtHome();

// Whether this grant of the subject's, on the relation or around it, is in its window and was not revoked, used up or not. Raises as FindGrant does.
bool IsGrantOpen(int64_t id, Oid subject, const GoverningPolicies* governing, TimestampTz now);

}    // namespace warrant
