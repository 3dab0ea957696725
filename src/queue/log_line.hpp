// Rows that the audit log cannot take: one line of JSON each in the server's log, with all that the row would have said, counted by status().
//
// The line is a LOG message that begins with "pg_warrant: {". Code of users can log as well: what begins like that and is not ours is written
// with words before it, so that no such line is theirs.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// Writes the row of a database that the entry would have become; an action is written with its name and arguments. why: a full sentence.
// Roles have names only where this process has remembered them, or may look them up: in a transaction that has not failed. Allocates; raises
// nothing but for want of memory.
void LogRow(const EntryHeader* header, const EntryParts* parts, const char* why, bool may_look = true);
void LogRowOf(Oid database, const EntryHeader* header, const EntryParts* parts, const char* why, bool may_look = true);

// Why an entry was not sent, as a full sentence.
const char* WhyNot(Enqueued sent);

// Keeps the names of who acts, for lines that are written where nothing can be looked up.
void RememberNames(const Origin* origin);
void RememberActors();    // of this session

// The SQLSTATE of the error that ends this process; 0: none does.
int FatalError();

void InstallLogLines();

}    // namespace warrant
