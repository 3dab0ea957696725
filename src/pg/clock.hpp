// Server time that never goes back while the cluster runs, so that a clock stepped back revives nothing.
#pragma once

#include "pg/server.hpp"

namespace warrant {

Size ClockMemorySize();
void CreateClock();    // in the shared memory start-up hook

// GetCurrentTimestamp against a high-water mark in shared memory, which is at most 100 ms behind the latest answer given.
TimestampTz MonotonicNow();

}    // namespace warrant
