#include "pg/server.hpp"

#include "pg/log.hpp"
#include "pg/process.hpp"
#include "pg/wait.hpp"
#include "pg/worker.hpp"

namespace warrant {

int configuration_reads = 1;

namespace {

struct Pin {
    const char* name;
    const char* value;
};

// ALTER DATABASE ... SET by the database's owner reaches background workers too; these are what could change what our statements do.
const Pin pins[] = {
    {"role", "none"},
    {"search_path", "pg_catalog, pg_temp"},
    {"default_transaction_read_only", "off"},
    {"default_transaction_isolation", "read committed"},
    {"default_transaction_deferrable", "off"},
    {"row_security", "off"},
    {"session_replication_role", "origin"},
    {"exit_on_error", "off"},
    {"statement_timeout", "0"},
    {"lock_timeout", "100ms"},
    {"idle_in_transaction_session_timeout", "0"},
    {"idle_session_timeout", "0"},
    {"TimeZone", "UTC"},
    {"DateStyle", "ISO, MDY"},
    {"IntervalStyle", "postgres"},
    {"bytea_output", "hex"},
    {"standard_conforming_strings", "on"},
    {"transform_null_equals", "off"},
    {"array_nulls", "on"},
    {"quote_all_identifiers", "off"},
    {"extra_float_digits", "1"},
    {"default_tablespace", ""},
    {"temp_tablespaces", ""},
    {"default_table_access_method", "heap"},
    {"synchronous_commit", "local"},
    {"check_function_bodies", "on"},
    {"plan_cache_mode", "force_generic_plan"},    // the same few statements all the time, each about a row or two
    {"enable_seqscan", "off"},
    {"jit", "off"},
    {"enable_indexscan", "on"},
    {"max_parallel_workers_per_gather", "0"},
    {"application_name", "pg_warrant"},
    // Settings that younger servers have.
    {"transaction_timeout", "0"},
    {"restrict_nonsystem_relation_kind", ""},
};

bool Exists(const Pin& pin) { return GetConfigOption(pin.name, true, false) != nullptr; }

}    // namespace

void BeginSignals() {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
}

void BeginWorker(Oid database, const char* activity) {
    is_own_worker = true;
    LogOwnErrors();
    BeginSignals();
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
    SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);    // a setting as well, which wants a transaction
    for (const Pin& pin : pins)
        if (Exists(pin) && (OidIsValid(database) || strcmp(pin.name, "synchronous_commit") != 0))    // the launcher tells what it is
            SetConfigOption(pin.name, pin.value, PGC_SUSET, PGC_S_OVERRIDE);
    pgstat_report_appname(activity);
}

void Nap(long milliseconds) {
    WaitOnLatch(WaitsFor::Work, milliseconds);
    if (ProcDiePending && before_end != nullptr)
        before_end();
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
        LogOwnErrors();
        configuration_reads++;
    }
}

}    // namespace warrant
