// Rows that a scan shows to somebody although it does not let them through.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether its conditions hand values of the row to a function of anybody's, to one that carries them out, or to a subquery.
bool ShowsMore(const Plan* scan);

}    // namespace warrant
