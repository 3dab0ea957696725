// The recorder: one for each database that has the extension, the single writer of requests, grants and the audit log.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The batch under way has queued something for the courier, who is woken when it is committed. In the recorder only.
extern bool deliveries_queued;

}    // namespace warrant

extern "C" {
PGDLLEXPORT void warrant_recorder_main(Datum argument);
}
