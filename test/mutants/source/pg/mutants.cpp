#include <set>
#include <string>

#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/wait.hpp"

namespace warrant {

// The settings are asked for by their names, because this stands in both libraries.
static const char* Value(const char* setting) { return GetConfigOption(setting, true, false); }

// Straight to the server's log: guards are asked in places where nothing may be raised.
static void ReportAsked(const char* guard) {
    static std::set<std::string, std::less<>> reported;
    if (reported.emplace(guard).second)
        write_stderr("asks guard %s\n", guard);
}

bool Mutant(const char* guard) {
    const char* mutants = Value("pg_warrant.mutant");
    if (mutants != nullptr && strcmp(mutants, "?") == 0) {
        ReportAsked(guard);
        return false;
    }
    size_t length = strlen(guard);
    for (const char* named = mutants; named != nullptr; named = strchr(named, ',')) {
        named += named != mutants;    // the comma
        if (strncmp(named, guard, length) == 0 && (named[length] == '\0' || named[length] == ','))
            return true;
    }
    return false;
}

static bool WaitsAt(const char* place) {
    size_t size = strlen(place);
    for (const char* next = Value("pg_warrant.wait_point"); next != nullptr && *next != '\0'; next += strcspn(next, ",")) {
        next += *next == ',';
        if (strcspn(next, ",") == size && strncmp(next, place, size) == 0)
            return true;
    }
    return false;
}

void WaitPoint(const char* place) {
    constexpr int naps = 600;
    for (int nap = 0; nap < naps && WaitsAt(place); nap++) {
        if (nap == 0)
            ereport(LOG, (errmsg("waiting at \"%s\"", place)));
        WaitOnLatch(WaitsFor::Test, 100);
        CHECK_FOR_INTERRUPTS();
        if (ConfigReloadPending) {
            ConfigReloadPending = false;
            ProcessConfigFile(PGC_SIGHUP);
        }
    }
}

void Hold(const char* place) {
    if (!WaitsAt(place))
        return;
    constexpr int64 lock = 1;
    (void)DirectFunctionCall1(pg_advisory_lock_shared_int8, Int64GetDatum(lock));
    (void)DirectFunctionCall1(pg_advisory_unlock_shared_int8, Int64GetDatum(lock));
}

void Hold(const Node* utility) { Hold(GetCommandTagName(CreateCommandTag(const_cast<Node*>(utility)))); }

}    // namespace warrant
