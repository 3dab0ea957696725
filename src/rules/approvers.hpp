// Who could decide: whether a policy's requests can be decided by anybody at all.
#pragma once

#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/policies.hpp"

namespace warrant {

// Why what the requester asks for under this policy cannot be approved as things are, a full sentence in the current memory context; or nullptr.
// Counted are the policy's webhook, if it is enabled, and each person who could log in as a member of its approver role, but for the requester.
// Logins are one person as far as the gate knows. With InvalidOid for the requester all are counted. rows: of the webhook.
char* WhyUndecidable(const Policy* policy, Oid requester, Rows rows = Rows::Committed);

// The person that the DBA has made of a login, in the current memory context; nullptr: of none.
char* PersonOf(Oid login);

// The roles (oid) whose votes are delegated to this one, in the current memory context. Of the rows of this transaction, since the recorder decides
// by what it has just written.
List* DelegatorsOf(Oid delegate);

// Whether the DBA has made a person of any login.
bool ArePersonsKnown();

// Whether one of the roles is known by one of the names: by its person, or else its own name, or by an identity as which it was authenticated.
bool IsOneKnownAs(const List* roles, const List* names);

// The role and all its members, through whatever other roles, each once.
List* WithMembers(Oid role);

}    // namespace warrant
