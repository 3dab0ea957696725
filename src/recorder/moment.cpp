#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/worker.hpp"
#include "recorder/clock_step.hpp"
#include "recorder/moment.hpp"
#include "recorder/partitions.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// Whether the log has partitions for the moment: nothing can be sealed without.
bool HavePartitions(TimestampTz now) {
    static Stretch found;
    found = {0, 0};
    bool done = InTransaction(
        "keeping partitions",
        [now] {
            found = IsOurs() ? PartitionsAround(now) : Stretch{DT_NOBEGIN, DT_NOEND};
            if (found.from < found.until)
                return;
            KeepPartitions(now);
            found = PartitionsAround(now);
        },
        &self.partition_retries);
    self.partitions = done ? found : Stretch{0, 0};
    return done;
}

// Follows a step of the clock durably, before anything else is decided: the mark comes down only when what lives by it ends earlier.
bool HaveClock(TimestampTz now, int64 offset, int64 step) {
    bool done = InSealingTransaction(
        "following the clock",
        [offset, step] {
            if (!IsOurs())
                return;
            if (step != 0)
                FollowStep(step);
            SaveWallOffset(offset);
            if (step != 0)
                SaveState(self.position);
        },
        &self.clock_retries);
    if (!done)
        return false;
    self.sealed = self.working;
    self.database->last_seq = uint64_t(self.sealed.last_seq);
    self.wall_offset = offset;
    self.offset_saved = true;
    if (step != 0)
        self.sweep_at = 0;
    if (step < 0)
        LowerMark(now);
    return true;
}

}    // namespace

bool KeepUpWithClock() {
    TimestampTz now = GetCurrentTimestamp();
    int64 offset = WallOffset(), step = ClockStep(self.wall_offset, offset, now);
    bool covered = self.partitions.from <= now && now < self.partitions.until;
    if (!self.installed || (covered && step == 0 && self.offset_saved))
        return true;
    return (covered || HavePartitions(now)) && ((step == 0 && self.offset_saved) || HaveClock(now, step == 0 ? self.wall_offset : offset, step));
}

}    // namespace warrant
