#include "pg/server.hpp"

#include "pg/standby.hpp"

namespace warrant {

uint32_t WantedStandbyMode() {
    if (max_wal_senders == 0 || SyncRepStandbyNames == nullptr || SyncRepStandbyNames[0] == '\0')
        return 0;
    switch (synchronous_commit) {
        case SYNCHRONOUS_COMMIT_REMOTE_WRITE: return SYNC_REP_WAIT_WRITE + 1;
        case SYNCHRONOUS_COMMIT_REMOTE_FLUSH: return SYNC_REP_WAIT_FLUSH + 1;
        case SYNCHRONOUS_COMMIT_REMOTE_APPLY: return SYNC_REP_WAIT_APPLY + 1;
        default: return 0;
    }
}

}    // namespace warrant
