// What all our workers share: how they start, what they set for their process, how they wait.
#pragma once

#include "pg/server.hpp"

#include "pg/in_transaction.hpp"

namespace warrant {

// Connects to a database as the bootstrap superuser (InvalidOid: to none, shared catalogues only), and pins every setting that the
// database's owner could have changed with ALTER DATABASE ... SET.
void BeginWorker(Oid database, const char* activity);

// How often this process has read the configuration; at least once.
extern int configuration_reads;

// Lets signals through, so that Nap can answer them before the worker connects.
void BeginSignals();

// Called in a worker that is told to end while it waits, before it ends.
inline void (*before_end)() = nullptr;

// Waits on the latch at most this long; then answers interrupts, barriers and configuration changes.
void Nap(long milliseconds);

}    // namespace warrant
