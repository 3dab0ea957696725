// The partitions of the audit log and of its texts: one for each month of the clock, in UTC whatever the session's settings.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr int months_kept_ahead = 4;

// A stretch of time: [from, until).
struct Stretch {
    TimestampTz from, until;
};

// The stretch around this moment in which both tables have partitions; empty when one of them has none for it. Needs a transaction.
Stretch PartitionsAround(TimestampTz moment);

// Makes what is missing of the month of this moment and of so many after it, also of a month that has other partitions in part. It waits behind no
// reader. Needs SPI.
void MakePartitions(TimestampTz moment, int months_ahead);

// Makes partitions from a worker of ours: no event trigger of a user's runs, unless it is one that always does.
void KeepPartitions(TimestampTz moment);

}    // namespace warrant
