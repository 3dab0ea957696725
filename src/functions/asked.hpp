// What the caller of warrant.request and warrant.grant asks for, looked at in the caller's own process and time before the recorder has
// anything to do.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

// Checks a call of warrant.request: raises 42809 for what no policy can be about, and the server's 42501 for a caller who could not run it
// anyway. A word for a group of commands stands for those of them that the caller could run. What is wrong with the arguments themselves, a
// relation that is not there included, is left to the recorder.
void CheckRequested(FunctionCallInfo fcinfo);

// Tells, after a call of warrant.request, by a NOTICE of each policy on a table whose condition the caller does not meet now: no grant changes that.
void TellUnmet(FunctionCallInfo fcinfo);

// Tells, after a call of warrant.grant, by a NOTICE of each relation where the grantee lacks the server's privilege.
void TellLacking(FunctionCallInfo fcinfo);

// The user who asks: in code that the server runs for another user it is that user, whoever the code runs as, who must not see what is the subject's.
Oid WhoAsks();

// Whether one of the roles may create in the schema.
bool MayCreateSomewhere(const List* roles, Oid schema);

// Raises 42P01 when there is no such relation, 42809 when no policy can be about it.
void RequireRelation(Oid relation);

// The words for the commands, as an SQL array of text in the order of the enumeration.
Datum CommandsAsArray(CommandMask mask);

// Membership in which a superuser counts by name only; false for roles that are gone.
bool IsMemberByName(Oid role, Oid of);

}    // namespace warrant
