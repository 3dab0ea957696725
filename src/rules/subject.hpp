// Who is asking: DESIGN.md section 1, "subject".
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The session user, or for a login of pg_warrant.pool_roles the role of SET ROLE, if there is one; in a process without a client
// (autovacuum, job workers) the current user.
Oid CurrentSubject();

// Whether the session user is one of pg_warrant.pool_roles, himself: many share his login. Outside of a transaction it is what it was last.
bool IsPoolSession();

// As whom the server has authenticated the client that this process serves, a parallel worker its leader's; nullptr or empty when it has not.
// Set when the library is loaded.
inline const char* (*client_identity)();

// Whether the role has been dropped while a session of it is open: it is a member of nothing, and what was given to it is over.
bool RoleIsGone(Oid role);

// A superuser while pg_warrant.enforce_superuser is off, or a member of warrant_exempt.
bool IsExempt(Oid subject);

// Every role that the subject is a member of, himself first, a superuser only by name. In the current memory context.
List* RolesOf(Oid subject);

}    // namespace warrant
