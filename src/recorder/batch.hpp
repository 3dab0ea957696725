// A batch: what the ring holds now and the chores that are due, in one transaction.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The batch under way has queued something for the courier, who is woken when it is committed. In the recorder only.
extern bool deliveries_queued;

// Does one batch, which may be empty, and answers those who wait. False when it failed: what it did is undone, and all of it is to be done again.
bool DoBatch();

}    // namespace warrant
