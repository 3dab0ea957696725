// Whom a parallel worker works for.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The index of the leader in the server's process array, as MyProcessIndex gives this process's own; -1 when this is no parallel worker.
inline int LeaderProcessIndex() {
    const PGPROC* leader = IsParallelWorker() ? MyProc->lockGroupLeader : nullptr;
    return leader == nullptr ? -1 : ProcessIndexOf(leader);
}

}    // namespace warrant
