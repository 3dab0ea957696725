#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "rules/installation.hpp"
#include "queue/copies.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"

namespace warrant {

bool IsCopyOfOthers() {
    SPI_execute(psprintf("SELECT FROM pg_database d WHERE d.datname = current_database() AND NOT %s.is_administrator(d.datdba) AND EXISTS ("
                         "SELECT FROM warrant.grant_scopes s WHERE s.grantee = 0 AND NOT s.closed AND s.target_kind = '!' AND s.target <> d.oid)",
                         InternalSchema()),
                true, 1);
    return SPI_processed > 0;
}

void AdmitCopy(Oid database) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    shared->admitted[shared->admitted_count++ % lengthof(shared->admitted)] = database;
    for (TurnedAway& other : shared->turned_away)
        if (other.database == database)
            other = TurnedAway{InvalidOid, 0};
    LWLockRelease(shared->lock);
}

bool IsAdmitted(Oid database) {
    bool admitted = false;
    LWLockAcquire(shared->lock, LW_SHARED);
    for (Oid other : shared->admitted)
        admitted = admitted || other == database;
    LWLockRelease(shared->lock);
    return admitted;
}

void TurnAway(Oid database) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    TurnedAway* place = &shared->turned_away[0];
    for (TurnedAway& other : shared->turned_away)
        if (other.database == database || (place->database != database && other.at < place->at))
            place = &other;
    *place = TurnedAway{database, SteadyNow()};
    LWLockRelease(shared->lock);
}

void AskForRecorder(Oid database) {
    constexpr int64 patience_us = 10000000;
    bool lately = false;
    int64 now = SteadyNow();
    LWLockAcquire(shared->lock, LW_SHARED);
    for (const TurnedAway& other : shared->turned_away)
        lately = lately || (other.database == database && now - other.at < patience_us);
    LWLockRelease(shared->lock);
    if (!lately)
        AskLauncher(database);
}

}    // namespace warrant
