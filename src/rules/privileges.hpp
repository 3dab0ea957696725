// The server's own privileges, as far as a role that asks for approval must have them: what the server refuses anyway is nobody's to approve.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

// Whether the command could run on the relation, for some of its columns, by the role or by one that it is a member of, whether or not it inherits:
// SET ROLE is the session's choice. CREATE and ADMIN are not asked of relations.
bool HoldsPrivilege(Oid role, Oid relation, Command command);

// Whether the command could run on the relation, on an ancestor of it, or on a view over it. columns: those of the relation that it touches, as a
// Permission has them; nullptr for any.
bool ReachesRelation(Oid role, Oid relation, Command command, const Bitmapset* columns = nullptr);

// Raises the server's error for a role that lacks the privilege; it says who must own the relation where that is what the command takes.
[[noreturn]] void RaiseLacking(Oid relation, Command command);

// What the server would say to a role that lacks the privilege.
char* WordsForLacking(Oid relation, Command command);

}    // namespace warrant
