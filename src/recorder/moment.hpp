// The moment that a batch is about to be written at: the audit log must have partitions for it, and a step of the clock that led there must have been
// followed. Both are done in transactions of their own.
#pragma once

namespace warrant {

// False when it is to be tried again, and nothing may be recorded before.
bool KeepUpWithClock();

}    // namespace warrant
