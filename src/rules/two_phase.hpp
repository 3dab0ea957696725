// What a transaction changed of the gate itself counts for everybody from its COMMIT on, and its session tells the workers then. A prepared one
// would hold locks on the gate's tables for as long as nobody thinks of it, and somebody else would commit it.
#pragma once

namespace warrant {

// PREPARE TRANSACTION of the current transaction raises 0A000.
void KeepFromTwoPhase();

}    // namespace warrant
