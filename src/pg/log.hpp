// What must stand in the server's log stands there whatever log_min_messages says.
#pragma once

#include "pg/server.hpp"

#include "pg/log_level.hpp"

namespace warrant {

// Whether a report is under way that must stand in the server's log.
inline bool logging_anyway = false;

// Calls work, which reports at LOG or LOG_SERVER_ONLY.
template <class Work>
void LogAnyway(Work work) {
    int least = LeastLogged();
    logging_anyway = true;
    if (!IsLogged(LOG, least))
        SetLeastLogged(ERROR);
    PG_TRY();
    { work(); }
    PG_FINALLY();
    {
        SetLeastLogged(least);
        logging_anyway = false;
    }
    PG_END_TRY();
}

// Has the log take the errors of our own workers, which have nothing else to tell with: for the life of the process, until
// the configuration is read again.
inline void LogOwnErrors() {
    if (!IsLogged(ERROR, LeastLogged()))
        SetLeastLogged(ERROR);
}

}    // namespace warrant
