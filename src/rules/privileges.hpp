// The server's own privileges, as far as a role that asks for approval must have them: what the server refuses anyway is nobody's to approve.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

// Whether the command could run on the relation, for some of its columns, by the role or by one that it is a member of, whether or not it inherits:
// SET ROLE is the session's choice. CREATE and ADMIN are not asked of relations.
bool HoldsPrivilege(Oid role, Oid relation, Command command);

// The same through an ancestor of the relation, or a view over it as well.
bool ReachesRelation(Oid role, Oid relation, Command command);

// The server's error for who does not; it says who must own the relation where that is what the command takes.
[[noreturn]] void RaiseLacking(Oid relation, Command command);

// What the server would say.
char* WordsForLacking(Oid relation, Command command);

}    // namespace warrant
