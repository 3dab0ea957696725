#include <cstdio>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"

namespace warrant {

namespace {

struct Mark {
    Oid database;             // InvalidOid: nobody's
    pg_atomic_uint64 time;    // a TimestampTz, which can be negative
};

Mark* marks = nullptr;
constexpr int64 write_every_us = 100000;    // spares the cache line that all backends read

Mark* FindMark() {
    for (int i = 0; OidIsValid(MyDatabaseId) && i < settings.max_databases; i++)
        if (marks[i].database == MyDatabaseId)
            return &marks[i];
    return nullptr;
}

Mark* OwnMark() {
    static Mark* own = nullptr;
    if (own == nullptr || own->database != MyDatabaseId)
        own = FindMark();
    return own;
}

int64 TimeOf(Mark* mark) { return int64(pg_atomic_read_u64(&mark->time)); }

}    // namespace

Size ClockMemorySize() { return mul_size(settings.max_databases, sizeof(Mark)); }

void CreateClock() {
    bool found;
    marks = static_cast<Mark*>(ShmemInitStruct("pg_warrant clock", ClockMemorySize(), &found));
    for (int i = 0; !found && i < settings.max_databases; i++) {
        marks[i].database = InvalidOid;
        pg_atomic_init_u64(&marks[i].time, uint64(DT_NOBEGIN));
    }
}

void AssignMark(int place, Oid database) {
    if (marks[place].database == database)
        return;
    marks[place].database = InvalidOid;
    pg_write_barrier();
    pg_atomic_write_u64(&marks[place].time, uint64(DT_NOBEGIN));
    pg_write_barrier();
    marks[place].database = database;
}

// The mark is read before the clock: a process that was interrupted in between cannot raise a mark again that was lowered meanwhile.
TimestampTz MonotonicNow() {
    Mark* own = OwnMark();
    if (own == nullptr)
        return GetCurrentTimestamp();
    for (;;) {
        int64 mark = TimeOf(own);
        pg_read_barrier();
        int64 now = GetCurrentTimestamp();
        if (now > mark) {
            uint64 seen = uint64(mark);
            if (mark != DT_NOBEGIN && now - mark <= write_every_us)
                return now;
            if (pg_atomic_compare_exchange_u64(&own->time, &seen, uint64(now)))
                return now;
            continue;
        }
        if (mark - now >= clock_step_us && on_clock_behind != nullptr)
            on_clock_behind();
        return mark;
    }
}

int64 MarkAhead(TimestampTz wall) {
    Mark* own = OwnMark();
    int64 mark = own == nullptr ? wall : TimeOf(own);
    return mark > wall ? mark - wall : 0;
}

void LowerMark(TimestampTz to) {
    Mark* own = OwnMark();
    if (own != nullptr && TimeOf(own) > to)
        pg_atomic_write_u64(&own->time, uint64(to));
}

// The two clocks are read at one moment only when nothing came between: of a few tries the closest counts.
int64 WallOffset() {
    constexpr int tries = 5;
    constexpr int64 close_us = 1000;
    int64 offset = 0, closest = PG_INT64_MAX;
    for (int i = 0; i < tries && closest > close_us; i++) {
        int64 before = SteadyNow(), wall = GetCurrentTimestamp(), after = SteadyNow();
        if (after - before >= closest)
            continue;
        closest = after - before;
        offset = wall - (before + after) / 2;
    }
    return offset;
}

const char* BootId() {
    static char id[64];
    FILE* file = id[0] == '\0' ? std::fopen("/proc/sys/kernel/random/boot_id", "r") : nullptr;
    if (file == nullptr)
        return id;
    if (fgets(id, sizeof id, file) == nullptr)
        id[0] = '\0';
    id[strcspn(id, "\n")] = '\0';
    std::fclose(file);
    return id;
}

}    // namespace warrant
