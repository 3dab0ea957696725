// What the recorder learns from the server's invalidations, so that it need not look at every policy and every grant to see that nothing
// has changed. What a batch has looked at counts as seen when it is committed.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Policies may have changed since the sweep looked for grants without one.
bool PoliciesMoved();
void NotePoliciesSwept();

// The tables of policies whose names may have changed since they were kept: an oid[], or nullptr when all policies must be looked at (roles or
// schemas may have been renamed, or policies changed). In a transaction with SPI.
ArrayType* RenamedTargets();

// Notes that a name could not be kept: the next time all policies are looked at.
void NoteNamesLeft();

// To be called when the batch has ended.
void EndChanges(bool committed);

}    // namespace warrant
