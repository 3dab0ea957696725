// What the extension and its schemas are called.
#pragma once

namespace warrant {

constexpr const char* schema_name = "warrant";                      // all tables, and what users call
constexpr const char* internal_schema_name = "warrant_internal";    // functions and types that only the extension itself uses
constexpr const char* extension_name = "pg_warrant";

}    // namespace warrant
