// The functions of the extension's script, as the recorder calls them.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether the script that is installed has the function: the library serves the previous release's script, too. In a transaction.
bool HasFunction(const char* name);

// A column of the first row that SPI has just returned, counted from 1; a bigint or a timestamptz that is not null.
int64 FirstInt64(int column);

}    // namespace warrant
