#include "pg/server.hpp"

#include "pg/in_transaction.hpp"

namespace warrant {

void CommitWithoutFlush() { (void)set_config_option("synchronous_commit", "off", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false); }

SPIPlanPtr Prepared(SPIPlanPtr* plan, const char* text, int parameter_count, Oid* types) {
    if (*plan == nullptr) {
        SPIPlanPtr made = SPI_prepare(text, parameter_count, types);
        SPI_keepplan(made);
        *plan = made;
    }
    return *plan;
}

bool IsTransient(int sqlstate) {
    switch (sqlstate) {
        case ERRCODE_T_R_SERIALIZATION_FAILURE:
        case ERRCODE_T_R_DEADLOCK_DETECTED:
        case ERRCODE_INSUFFICIENT_RESOURCES:
        case ERRCODE_DISK_FULL:
        case ERRCODE_OUT_OF_MEMORY:
        case ERRCODE_TOO_MANY_CONNECTIONS:
        case ERRCODE_LOCK_NOT_AVAILABLE:
        case ERRCODE_QUERY_CANCELED:
        case ERRCODE_IO_ERROR: return true;
        default: return false;
    }
}

long RetryNap(const Retries* retries) {
    constexpr long first_ms = 100, longest_ms = 5000;
    constexpr int most_doublings = 6;
    if (retries->count == 0)
        return 0;
    long nap_ms = first_ms << (retries->count <= most_doublings ? retries->count - 1 : most_doublings);
    return nap_ms < longest_ms ? nap_ms : longest_ms;
}

void NoteFailure(Retries* retries) {
    int sqlstate = geterrcode();
    if (retries->count == 0 || retries->sqlstate != sqlstate)
        EmitErrorReport();
    retries->sqlstate = sqlstate;
    retries->count++;
}

void NoteSuccess(Retries* retries, const char* activity) {
    if (retries->count > 0)
        ereport(LOG, (errmsg("%s works again, after %d failures", activity, retries->count)));
    *retries = Retries{};
}

}    // namespace warrant
