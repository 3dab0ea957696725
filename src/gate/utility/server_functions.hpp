// Functions that reach files, pages, decoded changes and statistics beside the gate: they need ADMIN, as statements that do so.
// The server tells which function is called, not for which relation.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether the function may be a server function; cheap for those that most queries call.
bool IsServerFunction(Oid function);
inline bool StaysInside(Oid function) { return function < F_LO_IMPORT_TEXT; }
inline bool MayReachBeside(Oid function) { return !StaysInside(function) && (function >= FirstNormalObjectId || IsServerFunction(function)); }

// Whether the handler is that of foreign tables that are files of the server, or what its programs print.
bool ReadsServerFiles(Oid handler);

// Called when the function is about to be executed, in whatever way. Raises 42501 when it is a server function and ADMIN is missing.
void CheckExecuted(Oid function);

}    // namespace warrant
