// What the extension and its schema are called.
#pragma once

namespace warrant {

constexpr const char* schema_name = "warrant";
constexpr const char* extension_name = "pg_warrant";

}    // namespace warrant
