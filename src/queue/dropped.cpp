#include "pg/server.hpp"

#include "pg/transaction_end.hpp"
#include "rules/installation.hpp"
#include "rules/two_phase.hpp"
#include "queue/dropped.hpp"
#include "queue/entry.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

LocalTransactionId dropping = InvalidLocalTransactionId;
bool gone = false;    // when it commits: neither rolled back to a savepoint nor created anew

void OnTransaction(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_COMMIT)
        gone = dropping == MyTransactionNumber() && !OidIsValid(get_extension_oid(extension_name, true));
    Database* database = event == XACT_EVENT_COMMIT && gone ? FindDatabase(MyDatabaseId) : nullptr;
    if (database != nullptr) {
        database->dropped = true;
        pg_memory_barrier();
        WakeRecorder(database);
        WakeCourier(database);
    }
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
        gone = false;
}

}    // namespace

void NoteDrop() {
    (void)ListenForEnds<OnTransaction>();
    KeepFromTwoPhase();
    dropping = MyTransactionNumber();
}

bool IsDropped() {
    const Database* database = FindDatabase(MyDatabaseId);
    return database != nullptr && database->dropped;
}

}    // namespace warrant
