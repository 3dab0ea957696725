// What a step of the wall clock does to what lives by it. The recorder compares the clock with one that nobody can set, the steady one, and with the
// database's high-water mark, which sessions have raised.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// How far the clock has stepped since the reference was taken, in microseconds: forward is positive, 0 is no step. A mark that is ahead of the clock
// is a step back as well, of a step forward that the recorder has not seen.
int64 ClockStep(int64 reference, int64 offset, TimestampTz now);

// Moves what lives back by as much as the clock was set back, and seals a row about a step either way. In the recorder's transaction, with SPI.
void FollowStep(int64 step);

// The wall clock's offset that the recorder's state has of this start of the machine. Of another start it cannot be known: then a clock that is
// behind the last sealed row was set back at least that far.
int64 LoadWallOffset(TimestampTz last_sealed_at);
void SaveWallOffset(int64 offset);

}    // namespace warrant
