// What a command touches without naming it, as the server tells of it: by OID, at the moment when it happens.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Decides what the statement under way was not decided with. That is dropped, altered or emptied by a cascade, by the owner's role, or through a
// name that has come to lead elsewhere. Raises as CheckAccesses.
void CheckObjectAccess(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void* argument);

}    // namespace warrant
