// Puts the gate into the server's hooks.
#pragma once

namespace warrant {

void InstallHooks();

}    // namespace warrant
