// Which levels the server logs. What this process's least level is, LeastLogged tells (versions.hpp).
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether a level is logged where least is the setting: LOG ranks beside ERROR as what is logged, and beside FATAL as the setting.
inline bool IsLogged(int level, int least) {
    if (level == LOG || level == LOG_SERVER_ONLY)
        return least == LOG || least <= ERROR;
    return least == LOG ? level >= FATAL : level >= least;
}

}    // namespace warrant
