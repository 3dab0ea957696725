// The server's invalidation messages, turned into flags and one counter.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Moves with every message that could change an answer of ours: a verdict is kept only if it did not move since before its snapshot.
extern uint64_t invalidations;

// Moves when every decision of this backend is void (policies, grants or memberships changed).
extern uint32_t decision_generation;

// Set when what we know of our own installation may be wrong.
extern bool installation_invalid;

// Calls the server for callbacks; once in each process, at its first check.
void ListenForInvalidations();

}    // namespace warrant
