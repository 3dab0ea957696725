// The recorder: one for each database that has the extension, the single writer of requests, grants and the audit log.
#pragma once

#include "pg/server.hpp"

extern "C" {
PGDLLEXPORT void warrant_recorder_main(Datum argument);
}
