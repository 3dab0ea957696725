// Where the server's configuration has commits wait for a synchronous standby, whoever asked the recorder for something waits for it: the recorder
// itself commits locally and goes on, so that a standby that is gone delays those who ask and stops nobody's record.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Tells the cluster what the configuration asks for, synchronous_commit and synchronous_standby_names together. Only where no database's and no
// role's settings reach: in the postmaster at its start, and in the launcher after each reload. A session that sets synchronous_commit changes
// what its own transactions wait for, not what the gate does.
void PublishSynchronousCommit();

// Whether what was committed before this position of the write-ahead log is as safe as the configuration asks for. Neither waits nor raises.
bool IsReplicated(XLogRecPtr position);

// The end of the write-ahead log that is on this server's disk: all commits that can be seen now are before it.
XLogRecPtr SeenUntil();

}    // namespace warrant
