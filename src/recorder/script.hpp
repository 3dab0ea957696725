// The functions of the extension's script, as the recorder calls them.
//
// An update may move them from one schema to another, while the recorder goes on.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// A statement that calls functions of the script; static, and all zero at first.
struct ScriptStatement {
    SPIPlanPtr plan;
    const char* schema;    // that it was prepared for
};

// Prepares the statement, the first time and when its functions have moved. In its text, %s stands for their schema.
SPIPlanPtr PreparedForScript(ScriptStatement* statement, const char* text, int parameter_count, Oid* types);

// Whether the script that is installed has the function, which no user calls: the library serves the previous release's script, too. In a
// transaction.
bool HasFunction(const char* name);

// A column of the first row that SPI has just returned, counted from 1; a bigint or a timestamptz that is not null.
int64 FirstInt64(int column);

}    // namespace warrant
