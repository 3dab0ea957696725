#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/worker.hpp"
#include "queue/guards.hpp"
#include "recorder/changes.hpp"
#include "recorder/definitions.hpp"
#include "recorder/refusals.hpp"
#include "recorder/script.hpp"
#include "recorder/state.hpp"
#include "recorder/stored_durations.hpp"

namespace warrant {

namespace {

// One call of seal_definitions() seals no more than these.
constexpr int64 most_definitions = 1000;

// How many rows were sealed. A chore that fails must stop neither the other one nor the entries that sessions wait for: it is looked at again as if
// it were due.
int64 SealWhatIsLeft() {
    static ScriptStatement seal, keep;
    int64 sealed = 0;
    (void)InSubtransaction("definitions", [&sealed] {
        SPI_execute_plan(PreparedForScript(&seal, "SELECT %s.seal_definitions()", 0, nullptr), nullptr, nullptr, false, 1);
        sealed = FirstInt64(1);
    });
    bool kept = InSubtransaction("names", [&sealed] {
        SPI_execute_plan(PreparedForScript(&keep, "SELECT %s.keep_names()", 0, nullptr), nullptr, nullptr, false, 1);
        sealed += FirstInt64(1);
    });
    if (!kept)
        NoteNamesLeft();
    return sealed;
}

}    // namespace

void BeginLook() {
    int64 now = SteadyNow();
    self.told = self.database->definitions_changed;
    self.looks = self.told || now >= self.definitions_at;
    if (!self.looks)
        return;
    self.database->definitions_changed = false;
    pg_memory_barrier();
    self.definitions_at = now + definitions_every_us;
}

void MendStored() {
    if (self.looks && (self.takes_other_durations || !self.durations_mended))
        self.durations_mended = MendDurations();
}

void SealDefinitions() {
    if (!self.looks)
        return;
    // A policy may have gone.
    self.orphans = self.orphans || self.told;
    int64 sealed = SealWhatIsLeft();
    LookForWebhooks();
    if (sealed == 0)
        return;
    self.acted = guards_changed = true;
    ForgetRefusals();
    if (sealed >= most_definitions) {    // the others come in batches of their own
        self.database->definitions_changed = true;
        SetLatch(MyLatch);
    }
}

}    // namespace warrant
