// Subjects that were turned away (queue/rate.hpp): how often, in a row of the log for each.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

// Writes a row for each subject that was turned away, every few seconds; in a batch. Those rows count when the batch is committed.
void SealTurnedAway(Database* database);
void EndTurnedAway(Database* database, bool committed);

}    // namespace warrant
