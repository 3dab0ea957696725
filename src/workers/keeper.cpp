// The keeper: short-lived, hourly, one in each database with a recorder. It keeps partitions of the audit log ahead of the clock.
#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "queue/dropped.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "recorder/partitions.hpp"
#include "workers/launcher.hpp"

void warrant_keeper_main(Datum database) {
    using namespace warrant;
    if (!Visit(DatumGetObjectId(database)))
        proc_exit(0);
    BeginWorker(DatumGetObjectId(database), "pg_warrant keeper");
    is_over = IsDropped;
    at_begin = HoldExtension;
    bool done = InTransaction("keeping partitions", [] {
        if (OidIsValid(get_extension_oid(extension_name, true)))
            KeepPartitions(GetCurrentTimestamp());
    });
    proc_exit(done ? 0 : 1);
}
