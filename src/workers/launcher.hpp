// The launcher and the workers that it starts.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// To be called while shared libraries are preloaded.
void RegisterLauncher();

}    // namespace warrant

// What the postmaster looks up by name.
extern "C" {
PGDLLEXPORT void warrant_launcher_main(Datum argument);
PGDLLEXPORT void warrant_courier_main(Datum argument);
PGDLLEXPORT void warrant_keeper_main(Datum argument);
}
