// What this process is.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// True in our own background workers: they run our own statements on our own tables and are not gated.
inline bool is_own_worker = false;

}    // namespace warrant
