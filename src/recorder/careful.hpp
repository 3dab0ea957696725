// What happens after a batch has failed twice: each part of the batch is done in a subtransaction of its own, so that a part that cannot be done
// does not stop the others.
// What fails for a reason that passes by itself still fails the batch.
#pragma once

#include "pg/server.hpp"

#include "recorder/items.hpp"

namespace warrant {

// Whether each entry of the batch under way is done alone.
bool IsCareful();

// An entry that cannot be written is rejected; so is one that has ended the recorder twice.
void ProcessCarefully(Item* item);

// Does a chore of the batch in a subtransaction: what fails in it must not stop the entries. what: as the server's log names it.
void RunIsolated(const char* what, void (*work)());

}    // namespace warrant
