#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "queue/entry.hpp"
#include "queue/replicated.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

// 0: commits wait for no standby; else the server's wait mode and 1.
uint32_t WantedMode() {
    if (max_wal_senders == 0 || SyncRepStandbyNames == nullptr || SyncRepStandbyNames[0] == '\0')
        return 0;
    switch (synchronous_commit) {
        case SYNCHRONOUS_COMMIT_REMOTE_WRITE: return SYNC_REP_WAIT_WRITE + 1;
        case SYNCHRONOUS_COMMIT_REMOTE_FLUSH: return SYNC_REP_WAIT_FLUSH + 1;
        case SYNCHRONOUS_COMMIT_REMOTE_APPLY: return SYNC_REP_WAIT_APPLY + 1;
        default: return 0;
    }
}

}    // namespace

void PublishSynchronousCommit() { pg_atomic_write_u32(&shared->standby_mode, WantedMode()); }

bool IsReplicated(XLogRecPtr position) {
    uint32_t mode = pg_atomic_read_u32(&shared->standby_mode);
    if (mode == 0 || RecoveryInProgress() || Mutant("standby"))
        return true;
    LWLockAcquire(SyncRepLock, LW_SHARED);
    bool replicated = WalSndCtl->lsn[mode - 1] >= position;
    LWLockRelease(SyncRepLock);
    return replicated;
}

XLogRecPtr SeenUntil() { return RecoveryInProgress() ? InvalidXLogRecPtr : GetFlushRecPtr(nullptr); }

}    // namespace warrant
