// Durations that the text of a statement gives without a unit to a function of ours.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Raises 22023 for a call in the planned query whose text gives a duration as a number alone. Costs nothing where only the server's own functions
// are called.
void CheckUnitsOfCalls(Query* planned, const PlannedStmt* plan, const char* source);

}    // namespace warrant
