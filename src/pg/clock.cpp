#include "pg/server.hpp"

#include "pg/clock.hpp"

namespace warrant {

namespace {

pg_atomic_uint64* high_water = nullptr;
constexpr uint64_t write_every_us = 100000;    // spares the cache line that all backends read

}    // namespace

Size ClockMemorySize() { return sizeof(pg_atomic_uint64); }

void CreateClock() {
    bool found;
    high_water = static_cast<pg_atomic_uint64*>(ShmemInitStruct("pg_warrant clock", ClockMemorySize(), &found));
    if (!found)
        pg_atomic_init_u64(high_water, 0);
}

TimestampTz MonotonicNow() {
    uint64_t now = uint64_t(GetCurrentTimestamp());
    uint64_t mark = pg_atomic_read_u64(high_water);
    if (now <= mark)
        return TimestampTz(mark);
    if (now - mark > write_every_us)
        while (now > mark && !pg_atomic_compare_exchange_u64(high_water, &mark, now))
            ;
    return TimestampTz(now);
}

}    // namespace warrant
