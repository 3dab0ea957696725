// The server's own privileges come before the gate: who lacks one gets the server's error, and files no request. The server looks when a
// statement starts, which is after the gate does; so it is asked first where the gate is about to refuse, or would in monitor mode, and nowhere else.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Raises the server's error when the current user lacks a privilege that the plan needs, or the analysed query; either may be nullptr.
void RequireServerPrivileges(const PlannedStmt* plan, Query* parsed);

}    // namespace warrant
