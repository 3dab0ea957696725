// The time that waits and intervals of this process are measured with.
#pragma once

#include <ctime>

#include "pg/server.hpp"

namespace warrant {

// Microseconds since the machine was started, also while it slept: CLOCK_BOOTTIME, which nobody can set.
inline int64 SteadyNow() {
#ifdef CLOCK_BOOTTIME
    constexpr clockid_t clock = CLOCK_BOOTTIME;
#else
    constexpr clockid_t clock = CLOCK_MONOTONIC;
#endif
    timespec now;
    clock_gettime(clock, &now);
    return int64(now.tv_sec) * USECS_PER_SEC + now.tv_nsec / 1000;
}

// Milliseconds from now until a moment of SteadyNow, 0 when it is over.
inline long MillisecondsUntil(int64 steady) {
    int64 left = steady - SteadyNow();
    return left <= 0 ? 0 : left > INT64CONST(1000) * INT_MAX ? INT_MAX : long((left + 999) / 1000);
}

}    // namespace warrant
