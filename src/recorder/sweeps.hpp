// The two sweeps of requests and grants: of what has expired, and of orphans, which need a role, a relation or a schema that is gone.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// From now on a round looks for orphans when something may have been dropped. Once, when the recorder starts.
void ListenForDrops();

// Closes what has expired; learns when the next does. In the batch's transaction, with SPI.
void Sweep();

// Looks for a portion of the orphans, if that is due. In the batch's transaction, with SPI.
void SweepOrphans();

// Begins a new round, because what a round has closed is open again, or of another log.
void SweepAnew();

// How long the recorder may nap for the sweeps; less than 1 when one is due.
long MillisecondsUntilSweep();

}    // namespace warrant
