#include "pg/server.hpp"

#include <algorithm>

#include "pg/clock.hpp"
#include "pg/worker.hpp"
#include "queue/guards.hpp"
#include "recorder/definitions.hpp"
#include "recorder/refusals.hpp"
#include "recorder/script.hpp"
#include "recorder/state.hpp"
#include "recorder/sweeps.hpp"

namespace warrant {

namespace {

// So often a sweep may follow another, when something changed.
constexpr int64 sweep_every_us = 1000000;

bool IsRoundUnderWay() { return self.place[0] != '\0'; }

bool AreOrphansAwaited() { return self.orphans || IsRoundUnderWay(); }

// Where the next portion is to begin; empty: the round is over, and the next comes when all together takes a hundredth of the time.
void EndPortion(int64 begin) {
    int64 took = SteadyNow() - begin;
    self.round_us += took;
    bool over = !IsRoundUnderWay();
    self.orphans_at = SteadyNow() + (over ? 100 * self.round_us : 10 * took);
    if (!over)
        return;
    self.latest_round_us = self.round_us;
    self.round_us = 0;
}

void SweepPortion() {
    static ScriptStatement sweep;
    Oid type = TEXTOID;
    char null = IsRoundUnderWay() ? ' ' : 'n';
    Datum place = CStringGetTextDatum(self.place);
    SPI_execute_plan(PreparedForScript(&sweep, "SELECT %s.sweep_orphans($1::jsonb)", 1, &type), &place, &null, false, 1);
    const char* next = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
    strlcpy(self.place, next == nullptr ? "" : next, sizeof self.place);
}

void OnCatalog(Datum, CacheNumber, uint32) { self.orphans = true; }

}    // namespace

void ListenForDrops() {
    self.orphans = true;
    self.orphans_at = SteadyNow();
    self.latest_round_us = -1;
    CacheRegisterSyscacheCallback(AUTHOID, OnCatalog, Datum(0));
    CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, OnCatalog, Datum(0));    // who has lost a role has no vote to delegate
    CacheRegisterSyscacheCallback(RELOID, OnCatalog, Datum(0));
    CacheRegisterSyscacheCallback(NAMESPACEOID, OnCatalog, Datum(0));
}

void SweepAnew() {
    self.orphans = true;
    self.place[0] = '\0';
}

// Roles, relations and schemas come and go often: what they leave behind is looked for in portions, so seldom that looking takes a hundredth of the
// time. Where a round takes long, entries come first; under entries without end they wait for a portion every few seconds.
void SweepOrphans() {
    constexpr int64 quick_us = 20000;
    int64 begin = SteadyNow();
    if (!AreOrphansAwaited() || SteadyNow() < self.orphans_at || !HasFunction("sweep_orphans"))
        return;
    bool is_long = self.latest_round_us < 0 || self.latest_round_us > quick_us;
    if (self.count > 0 && is_long && begin < self.orphans_at + definitions_every_us)
        return;
    if (!IsRoundUnderWay())
        self.orphans = false;    // before the snapshot: what commits meanwhile sets it again
    AcceptInvalidationMessages();
    int64 before = self.working.last_seq;
    if (!InSubtransaction("orphans", SweepPortion)) {
        SweepAnew();
        // A failed portion counts as a long one, so that the next try is not at once.
        begin -= definitions_every_us / 100;
    }
    EndPortion(begin);
    if (self.working.last_seq == before)
        return;
    self.acted = guards_changed = true;
    ForgetRefusals();
}

void Sweep() {
    TimestampTz now = MonotonicNow();
    bool soon = self.acted && self.sweep_at > now + sweep_every_us;
    if (soon)
        self.sweep_at = now + sweep_every_us;
    if (now < self.sweep_at)
        return;
    ForgetRefusals();
    static ScriptStatement sweep;
    // The sweep is tried again then, if it fails now.
    self.sweep_at = now + definitions_every_us;
    (void)InSubtransaction("sweep", [] {
        SPI_execute_plan(PreparedForScript(&sweep, "SELECT %s.sweep()", 0, nullptr), nullptr, nullptr, false, 1);
        bool is_null;
        Datum next = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
        self.sweep_at = is_null ? DT_NOEND : DatumGetTimestampTz(next);
    });
}

long MillisecondsUntilSweep() {
    long sweep_ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), self.sweep_at);
    return AreOrphansAwaited() ? std::min(sweep_ms, MillisecondsUntil(self.orphans_at)) : sweep_ms;
}

}    // namespace warrant
