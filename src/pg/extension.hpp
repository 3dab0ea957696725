// What the extension and its schemas are called, and whether it is there.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr const char* schema_name = "warrant";                      // all tables, and what users call
constexpr const char* internal_schema_name = "warrant_internal";    // functions and types that only the extension itself uses
constexpr const char* extension_name = "pg_warrant";

// For our workers, in a transaction.
inline bool IsInstalled() { return OidIsValid(get_extension_oid(extension_name, true)); }

}    // namespace warrant
