#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "queue/copies.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "recorder/own_slot.hpp"
#include "recorder/portions.hpp"
#include "recorder/repeats.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// Seals what is still counted when the recorder is told to end. Meanwhile it must not end.
void SealLeft() {
    if (!self.installed || RepeatsDue() == DT_NOEND)
        return;
    ProcDiePending = InterruptPending = false;
    bool done = InSealingTransaction("recording", [] {
        if (!IsOurs())
            return;
        SealRepeats(true);
        SaveState(self.position);
    });
    EndRepeats(done);
    ProcDiePending = InterruptPending = true;
}

// Logs what is left at exit. An exit waits for nothing, a lock least of all: no time limit ends that wait there. And an error at exit is
// fatal: what may raise stands in a callback of its own, before the one that leaves the slot.
void LogLeft(int, Datum) {
    EndRepeats(false);
    EndPortions(false);
    if (!self.installed || !PostmasterIsAlive())
        return;
    LogRepeats();
    LogPortions();
}

void Leave(int, Datum) {
    if (self.database != nullptr)
        ReleaseDatabase(self.database, !self.installed);
}

}    // namespace

void StepAside(Oid oid) {
    if (Database* database = FindDatabase(oid))
        database->start_failures = 0;
    proc_exit(0);
}

void LeaveCopy(Oid oid) {
    TurnAway(oid);
    ereport(LOG, (errmsg("database %u is a copy that no administrator of the gate owns: it has no recorder", oid),
                  errhint("A superuser can adopt it there: SELECT warrant.adopt().")));
    proc_exit(0);
}

void PrepareToLeave() {
    before_shmem_exit(Leave, Datum(0));
    before_shmem_exit(LogLeft, Datum(0));
    before_end = SealLeft;
}

void Claim(Oid oid) {
    if (!self.installed)
        FreeSlot(oid);    // of a recorder that ended before it saw that the extension was dropped
    else
        self.database = ClaimDatabase(oid);
    if (self.database != nullptr)
        return;
    bool slotless = self.installed && FindDatabase(oid) == nullptr && !IsHeld(oid);
    if (slotless)
        TurnAway(oid);
    if (slotless && NoteSlotless(oid))
        ereport(LOG, (errmsg("no slot is free for the recorder of database %u", oid), errhint("Set \"pg_warrant.max_databases\" higher.")));
    StepAside(oid);
}

}    // namespace warrant
