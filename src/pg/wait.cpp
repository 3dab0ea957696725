#include "pg/server.hpp"

#include "pg/wait.hpp"

namespace warrant {

namespace {

constexpr const char* names[] = {"WarrantRecorder", "WarrantQueueRoom", "WarrantStandby", "WarrantTurn",
                                 "WarrantDecision", "WarrantWorkers",   "WarrantWork",    "WarrantTest"};
uint32 events[lengthof(names)];

uint32 EventOf(WaitsFor what) { return events[int(what)]; }

}    // namespace

void NameWaits() {
    for (int i = 0; i < int(lengthof(names)); i++)
        events[i] = NewWaitEvent(names[i]);
}

void WaitOnLatch(WaitsFor what, long milliseconds) {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, EventOf(what));
    ResetLatch(MyLatch);
}

bool WaitOnLatchOrSocket(WaitsFor what, pgsocket socket, long milliseconds) {
    int happened =
        WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, socket, milliseconds, EventOf(what));
    ResetLatch(MyLatch);
    return (happened & WL_LATCH_SET) != 0;
}

}    // namespace warrant
