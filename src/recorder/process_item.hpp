// Doing what one entry says: an action is executed, an audit record sealed or counted, a portion kept. In the batch's transaction; what it raises
// fails the batch, or the entry alone (careful.hpp).
#pragma once

#include "pg/server.hpp"

#include "recorder/items.hpp"

namespace warrant {

// Does the entry; one that an earlier recorder has committed is only answered again.
void ProcessItem(Item* item);

// Does the refusals of many portions that nobody will complete any more, with what they said.
void ProcessAbandoned();

}    // namespace warrant
