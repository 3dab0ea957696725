// The recorder's slot in the shared memory: claiming it, and leaving it with nothing unwritten.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Ends the recorder with exit status 0, for good; the launcher starts another when it is asked to. It does not count as a failure to start.
[[noreturn]] void StepAside(Oid oid);

// Ends the recorder for good where the database is a copy that no administrator of the gate owns.
[[noreturn]] void LeaveCopy(Oid oid);

// From now on each orderly end of this process seals or logs what is still counted, and leaves the slot. Once, before the slot is claimed.
void PrepareToLeave();

// Claims the slot. Without the extension, a slot or the right to come, this recorder ends for good.
void Claim(Oid oid);

}    // namespace warrant
