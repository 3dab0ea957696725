// What a refused client is told.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "gate/check/refused_access.hpp"

namespace warrant {

// A write with RETURNING; command is SELECT where the statement is none.
struct ReturningWrite {
    Oid relation;
    Command command;
};

// What a message calls the object.
const char* KindOf(const GoverningPolicies* policies);

// The command, with the columns that it is refused for, within a line.
const char* CommandInWords(const RefusedAccess* item);

// Sets TABLE, SCHEMA and CONSTRAINT NAME of the error, for programs. In an ereport.
int ErrorFields(const RefusedAccess* item);

// " Function f() runs as ..." or " ANALYZE runs code of ...": tells of the acting user; nothing for one without function and operation.
const char* WhoActs(const ActingUser* acting);

// Whether the recorder's answer is request ids with commas, and not why there is none and, on a second line, what to do about it.
bool IsRequestIds(const char* answer);

// These raise 42501.
//   acting         the acting user who lacks the approval; nullptr for the subject
//   unapprovable   a refused access that no approval can help, or nullptr
//   asked          the refused accesses as the request has them
//   returning      the refused statement as a write with RETURNING
//   unfiled        of each policy that has no request beside those that have: a line with its number and why, and a line with what to do; or empty
[[noreturn]] void RaiseRefused(const RefusedAccess* item, const ActingUser* acting);
[[noreturn]] void RaiseOverRate(const RefusedAccess* unapprovable, const RefusedAccess* refused, const ActingUser* acting);
[[noreturn]] void RaiseRequested(const RefusedAccess* refused, const RefusedAccess* asked, int asked_count, const char* answer, const char* unfiled,
                                 const ActingUser* acting, ReturningWrite returning);

}    // namespace warrant
