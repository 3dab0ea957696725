// pg_warrant: just-in-time approval for database actions. This file is the contents page.
#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "queue/log_line.hpp"
#include "queue/shared.hpp"
#include "gate/defence/labels.hpp"
#include "gate/hooks.hpp"
#include "workers/launcher.hpp"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pg_warrant", .version = PG_WARRANT_VERSION);
#else
PG_MODULE_MAGIC;
#endif
PGDLLEXPORT void _PG_init(void);
}

namespace {

shmem_request_hook_type previous_request;
shmem_startup_hook_type previous_startup;

void OnRequest() {
    if (previous_request != nullptr)
        previous_request();
    warrant::RequestSharedMemory();
}

void OnStartup() {
    if (previous_startup != nullptr)
        previous_startup();
    warrant::CreateSharedMemory();
}

}    // namespace

void _PG_init(void) {
    if (!process_shared_preload_libraries_in_progress)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("pg_warrant is not preloaded"),
                        errhint("Add pg_warrant to \"shared_preload_libraries\" and restart the server.")));
    warrant::DefineSettings();
    previous_request = shmem_request_hook;
    shmem_request_hook = OnRequest;
    previous_startup = shmem_startup_hook;
    shmem_startup_hook = OnStartup;
    warrant::RegisterLabels();
    if (!IsPostmasterEnvironment || IsBinaryUpgrade)    // one user at a console, or pg_upgrade: nobody is asked for a warrant
        return;
    warrant::InstallHooks();
    warrant::InstallLogLines();
    warrant::RegisterLauncher();
}
