// The time that grants live by, and the time that waits are measured with.
//
// Grants and requests live by the wall clock against a high-water mark, one for each database, in shared memory: when the clock steps back, time
// stands still there, so that nothing revives, until the database's recorder has moved the ends of what lives back by as much and lowers the mark.
// Waits and intervals of this process use SteadyNow (steady_clock.hpp), which no step of the wall clock touches.
#pragma once

#include "pg/server.hpp"

#include "pg/steady_clock.hpp"

namespace warrant {

constexpr int64 clock_step_us = 1000000;    // what differs by less is no step

Size ClockMemorySize();
void CreateClock();    // in the shared memory start-up hook

// The mark at this place is that database's from now on, and begins anew unless it was before. The caller has the lock that guards the places.
void AssignMark(int place, Oid database);

// GetCurrentTimestamp against this database's high-water mark, which is at most 100 ms behind the latest answer given.
TimestampTz MonotonicNow();

// Called when MonotonicNow finds the clock behind the mark by a step: the recorder should look.
inline void (*on_clock_behind)() = nullptr;

// How far the mark is ahead of this moment; 0 when it is not.
int64 MarkAhead(TimestampTz wall);

// Lowers the mark; called by the recorder, when nothing that lives by the mark ends after it by the old clock any more.
void LowerMark(TimestampTz to);

// How far the wall clock is ahead of the steady one: only a step changes it.
int64 WallOffset();

// Which start of the machine SteadyNow counts from; empty when that cannot be known. In a static buffer.
const char* BootId();

}    // namespace warrant
