#include "pg/server.hpp"

#include "pg/transaction_end.hpp"
#include "rules/two_phase.hpp"

namespace warrant {

namespace {

LocalTransactionId kept_transaction = InvalidLocalTransactionId;

void OnTransaction(XactEvent event, void*) {
    if (event == XACT_EVENT_PRE_PREPARE && kept_transaction == MyTransactionNumber())
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot PREPARE a transaction that has changed what the gate goes by"),
                        errdetail("It has changed definitions, or created or dropped the extension."),
                        errhint("Change them in a transaction of their own, and COMMIT it.")));
}

}    // namespace

void KeepFromTwoPhase() {
    (void)ListenForEnds<OnTransaction>();
    kept_transaction = MyTransactionNumber();
}

}    // namespace warrant
