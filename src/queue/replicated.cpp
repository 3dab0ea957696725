#include "pg/server.hpp"

#include "pg/standby.hpp"
#include "queue/replicated.hpp"
#include "queue/shared.hpp"

namespace warrant {

void PublishSynchronousCommit() { pg_atomic_write_u32(&shared->standby_mode, WantedStandbyMode()); }

bool IsReplicated(XLogRecPtr position) {
    uint32_t mode = pg_atomic_read_u32(&shared->standby_mode);
    if (mode == 0 || RecoveryInProgress())
        return true;
    LWLockAcquire(SyncRepLock, LW_SHARED);
    bool replicated = WalSndCtl->lsn[mode - 1] >= position;
    LWLockRelease(SyncRepLock);
    return replicated;
}

XLogRecPtr SeenUntil() { return RecoveryInProgress() ? InvalidXLogRecPtr : GetFlushRecPtr(nullptr); }

}    // namespace warrant
