#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "rules/installation.hpp"
#include "recorder/script.hpp"
#include "recorder/seal.hpp"
#include "recorder/stored_durations.hpp"

namespace warrant {

namespace {

struct Place {
    const char* table;
    const char* column;
    const char* where;
};

const Place places[] = {
    {"policies", "default_duration", "true"},
    {"policies", "max_duration", "true"},
    {"policies", "request_ttl", "true"},
    {"requests", "duration", "state = 'pending'"},
    {"decisions", "duration", "request_id IN (SELECT id FROM warrant.requests WHERE state = 'pending')"},
};

void MendRow(const Place& place, Datum row, const Interval* interval) {
    Oid types[] = {TIDOID, INTERVALOID};
    Datum values[] = {row, IntervalPGetDatum(IntervalOf(MicrosecondsAsCompared(interval)))};
    SPI_execute_with_args(psprintf("UPDATE warrant.%s SET %s = $2 WHERE ctid = $1", place.table, place.column), 2, types, values, nullptr, false, 0);
}

void SealMended(const Place& place, uint64 count) {
    SealNote("config_changed",
             psprintf("%s of %llu rows of %s made seconds, months of 30 days", place.column, (unsigned long long)count, place.table));
}

// Finds durations that are not in seconds, told by how the IntervalStyle of a worker writes them.
void Find(const Place& place, const char* locking) {
    SPI_execute(psprintf("SELECT ctid, %s FROM warrant.%s WHERE %s AND %s::text ~ 'mon|year|inf|-' %s", place.column, place.table, place.where,
                         place.column, locking),
                false, 0);
}

bool Mend(const Place& place) {
    Find(place, "FOR UPDATE SKIP LOCKED");
    SPITupleTable* found = SPI_tuptable;
    uint64 count = SPI_processed;
    for (uint64 i = 0; i < count; i++) {
        bool is_null;
        Datum row = SPI_getbinval(found->vals[i], found->tupdesc, 1, &is_null);
        MendRow(place, row, DatumGetIntervalP(SPI_getbinval(found->vals[i], found->tupdesc, 2, &is_null)));
    }
    if (count > 0)
        SealMended(place, count);
    Find(place, "");
    return SPI_processed == 0;
}

}    // namespace

bool MendDurations() {
    bool all = true;
    for (const Place& place : places)
        all = Mend(place) && all;
    return all;
}

bool TakesOtherDurations() { return !HasFunction("as_compared"); }

}    // namespace warrant
