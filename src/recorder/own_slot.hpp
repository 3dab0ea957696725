// The recorder's slot in the shared memory: claiming it, and leaving it with nothing unwritten.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Exit status 0 ends the worker for good; the launcher starts another when it is asked to. It did not fail to start.
[[noreturn]] void StepAside(Oid oid);

// The same where the database is a copy that no administrator of the gate owns.
[[noreturn]] void LeaveCopy(Oid oid);

// From now on each orderly end of this process seals or logs what is still counted, and leaves the slot. Once, before the slot is claimed.
void PrepareToLeave();

// Without the extension, a slot or the right to come, this recorder ends for good.
void Claim(Oid oid);

}    // namespace warrant
