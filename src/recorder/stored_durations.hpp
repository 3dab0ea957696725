// Durations that an earlier release has stored with months, years or negative fields.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Gives policies and pending requests the durations that their maxima were compared with, a month for 30 days, and seals a row about it. Passes over
// what another transaction holds, and is false then. In the recorder's transaction, with SPI.
bool MendDurations();

// Whether the extension here still lets such durations in.
bool TakesOtherDurations();

}    // namespace warrant
