// The server's invalidation messages, turned into flags and a counter. Code that keeps an answer notes them before it takes the
// snapshot that the answer is read with: what arrives later then voids the answer, also when it is absorbed half-way.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Moves when every decision of this backend is void (policies, grants or memberships changed).
extern uint32_t decision_generation;

// Moves when policies may have changed.
extern uint32_t policy_generation;

// Set when what we know of our own installation may be wrong.
extern bool installation_invalid;

// Moves whenever that flag is set, for who asks less often than it is cleared.
extern uint32_t installation_generation;
inline void InvalidateInstallation() {
    installation_invalid = true;
    installation_generation++;
}

// Whether the process listens for changes of what the rules keep (listening.cpp), as it does from its first check on.
extern bool listening_for_invalidations;
void RegisterForInvalidations();
inline void ListenForInvalidations() {
    if (!listening_for_invalidations)
        RegisterForInvalidations();
}

}    // namespace warrant
