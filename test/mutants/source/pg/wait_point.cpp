// In both libraries, so that the setting is asked for by its name.
#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/wait.hpp"

namespace warrant {

bool WaitsAt(const char* place) {
    size_t size = strlen(place);
    for (const char* next = GetConfigOption("pg_warrant.wait_point", true, false); next != nullptr && *next != '\0'; next += strcspn(next, ",")) {
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

}    // namespace warrant
