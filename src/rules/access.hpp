// One access that a statement needs: what is decided about.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

struct Access {
    Oid relation;    // of CREATE: the schema; of ADMIN: this database
    Command command;
    Oid definer;    // whom the server checks, when a policy trusts this role's views and functions; or InvalidOid
};

}    // namespace warrant
