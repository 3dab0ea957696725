// Grants as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"
#include "rules/committed.hpp"
#include "rules/governing_policies.hpp"
#include "rules/uses.hpp"

namespace warrant {

struct LiveGrant {
    int64_t id;    // 0: none
    TimestampTz ends_at;
    UseCost cost;
    bool narrow;         // it covers the columns that are touched, and not others that the policy governs
    int64_t max_rows;    // of each statement; 0: no limit
    bool exact;          // it serves the statement under check alone (exact.hpp)
};

// Voids the decisions that depend on grants of the role, because the server's message says that some were made or ended. Callable from callbacks.
void InvalidateGrantsOf(Oid role);

// Sends, when the current transaction commits, the message that grants of the role were made or ended. The server carries OIDs of relations; nothing
// happens where a relation has the role's OID, but that it is looked at again.
void SendGrantsChanged(Oid role);

// The committed grant that covers the command on the relation, or on a column (as in Access), and all that is touched besides columns which are
// decided about by themselves, for the subject or a role that it is a member of. It was made under this policy, is in its window now, and has uses
// left. Of several it is the cheapest, of those the one of most rows, of those one that is exact, and of those the one that lives longest. Exact
// grants serve only where for_statement says that a statement is decided about; missed_grant tells of one that does not serve it. Raises 55000 when
// the table cannot be trusted.
LiveGrant FindGrant(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, const char* column,
                    const TouchedColumns& touched, TimestampTz now, bool for_statement);

// Whether the user, who is not exempt, has a grant on columns of the relation or another of its family, now or from some time on: what is written now
// may be read then. Raises as FindGrant does.
bool FindGrantOnColumns(Oid user, const GoverningPolicies* policies);

struct GrantAhead {
    int64_t id;    // 0: none
    TimestampTz starts_at;
};

// As FindGrant, but of those that begin later the first.
GrantAhead FindGrantAhead(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, TimestampTz now);

// Whether what is on this target is on the relation, too: on itself, an ancestor, its schema or the database.
bool Covers(TargetKind kind, Oid target, const GoverningPolicies* policies);

// Whether the subject is the grantee, or was a member of it when the grant was made.
bool IsMeantFor(Oid grantee, Datum members, Oid subject);

// Whether this database is where its grants were made, not a copy, where no grant lives.
bool AreAtHome(Rows rows = Rows::Committed);

// Whether this grant of the subject's, on the relation or around it, is in its window and was not revoked, used up or not, and serves more than one
// statement. Raises as FindGrant does.
bool IsGrantOpen(int64_t id, Oid subject, const GoverningPolicies* policies, TimestampTz now);

}    // namespace warrant
