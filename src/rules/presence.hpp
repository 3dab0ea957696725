// Whether there is anything to decide in this process.
#pragma once

#include "pg/server.hpp"

#include "pg/settings.hpp"

namespace warrant {

// Whether enforcement is off: nothing is decided; what belongs to the gate stays its own.
inline bool GateIsOff() { return settings.enforcement == int(Enforcement::Off); }

// Whether the gate has work in this process: the extension is installed (by committed state) and this is no worker of ours.
bool GateIsPresent();

// Whether the gate has work in this process, where a transaction is sure to be under way.
bool GateIsPresentInTransaction();

}    // namespace warrant
