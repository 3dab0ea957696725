// Waiting on this process's latch, under a name.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// What is waited for, as pg_stat_activity.wait_event names it from PostgreSQL 17 on; before, all of them are "Extension".
enum class WaitsFor : int { Recorder, Room, Standby, Turn, Decision, Workers, Work, Test };

// Gives the waits their names. Once in each library: when the shared memory is made, or when the courier's is loaded.
void NameWaits();

// Waits until somebody sets the latch, at most so long, and resets it. Ends the process when the postmaster is gone. The caller checks for
// interrupts.
void WaitOnLatch(WaitsFor what, long milliseconds);

// Waits as WaitOnLatch does, or until the socket can be read; true when it was the latch.
bool WaitOnLatchOrSocket(WaitsFor what, pgsocket socket, long milliseconds);

}    // namespace warrant
