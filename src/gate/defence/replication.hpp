// Replication connections, which carry whole databases away and are met by no other hook: who may open one, and the record of it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// A connection whose role is not in pg_warrant.replication_roles, nor a member of one that is, ends with 42501.
void InstallReplication();

}    // namespace warrant
