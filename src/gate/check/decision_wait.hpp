// A refused statement's wait for the webhooks that were asked about its requests.
#pragma once

#include "pg/server.hpp"

namespace warrant {

enum class Awaited : uint8_t { Nothing, Approved, Denied };

// Waits at most pg_warrant.decision_wait, as long as every one of the requests is undecided and a webhook's first answer to it is
// outstanding. Approved when all of them are, Denied when one is, Nothing otherwise, and when this session may not wait. It may not in a
// transaction block, behind max_waiters others, or while it holds what the recorder needs. Holds no lock of ours meanwhile. Cancel and
// time-outs raise as usual and leave the requests pending.
//   requests   their ids, with commas
Awaited AwaitDecision(const char* requests);

}    // namespace warrant
