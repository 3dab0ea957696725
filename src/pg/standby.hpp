// What the server's configuration asks of synchronous standbys.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// synchronous_commit and synchronous_standby_names together. 0: commits wait for no standby; else the server's wait mode and 1.
uint32_t WantedStandbyMode();

}    // namespace warrant
