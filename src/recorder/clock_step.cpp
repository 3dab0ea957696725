#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/duration.hpp"
#include "rules/installation.hpp"
#include "recorder/clock_step.hpp"
#include "recorder/seal.hpp"

namespace warrant {

namespace {

// Whether the table has the column; tables of earlier releases have fewer.
bool HasColumn(const char* table, const char* column) {
    Oid relation = get_relname_relid(table, get_namespace_oid(schema_name, false));
    return OidIsValid(relation) && get_attnum(relation, column) != InvalidAttrNumber;
}

bool KeepsOffset() { return HasColumn("recorder_state", "wall_offset"); }

void Execute(const char* text, int64 microseconds) {
    Oid type = INTERVALOID;
    Datum value = IntervalPGetDatum(IntervalOf(microseconds));
    SPI_execute_with_args(text, 1, &type, &value, nullptr, false, 0);
}

}    // namespace

int64 ClockStep(int64 reference, int64 offset, TimestampTz now) {
    int64 step = offset - reference, ahead = MarkAhead(now);
    if (ahead >= clock_step_us && -step < ahead)
        return -ahead;
    return step >= clock_step_us || step <= -clock_step_us ? step : 0;
}

// Moves times back with the clock: nothing waits longer because of a step back, and results are kept for a day, not until the clock is there again.
// What is to begin at a time of day begins then by the clock that is right now.
void FollowStep(int64 step) {
    if (step < 0) {
        const char* const moves[] = {
            "UPDATE warrant.grants SET starts_at = starts_at - $1, ends_at = ends_at - $1"
            " WHERE closed_at IS NULL AND starts_at <= clock_timestamp() + $1",
            "UPDATE warrant.grant_scopes SET starts_at = starts_at - $1, ends_at = ends_at - $1"
            " WHERE NOT closed AND target_kind <> '!' AND starts_at <= clock_timestamp() + $1",
            "UPDATE warrant.requests SET expires_at = expires_at - $1 WHERE state IN ('draft', 'pending')",
            "UPDATE warrant.deliveries SET next_at = next_at - $1 WHERE state IN ('queued', 'sending')",
            "UPDATE warrant.deliveries SET ended_at = ended_at - $1 WHERE ended_at > clock_timestamp()",
            "UPDATE warrant.action_results SET done_at = done_at - $1 WHERE done_at > clock_timestamp()",
        };
        for (const char* move : moves)
            Execute(move, -step);
        if (HasColumn("reminders", "due_at")) {
            Execute("UPDATE warrant.requests SET requested_at = requested_at - $1 WHERE state = 'pending'", -step);
            Execute("UPDATE warrant.reminders SET due_at = due_at - $1", -step);
        }
        if (HasColumn("delegations", "ends_at"))
            Execute("UPDATE warrant.delegations SET ends_at = ends_at - $1", -step);
        if (HasColumn("deliveries", "not_before"))
            Execute("UPDATE warrant.deliveries SET not_before = not_before - $1 WHERE not_before > clock_timestamp()", -step);
    }
    const char* by = DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(IntervalOf(step < 0 ? -step : step))));
    SealNote("clock_changed", psprintf(step < 0 ? "set back by %s: live grants and pending requests end as much earlier" : "set forward by %s", by));
}

int64 LoadWallOffset(TimestampTz last_sealed_at) {
    const char* boot_id = BootId();
    if (boot_id[0] != '\0' && KeepsOffset()) {
        Oid type = TEXTOID;
        Datum value = CStringGetTextDatum(boot_id);
        SPI_execute_with_args("SELECT wall_offset FROM warrant.recorder_state WHERE boot_id = $1", 1, &type, &value, nullptr, true, 1);
        bool is_null = true;
        Datum offset = SPI_processed == 1 ? SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null) : Datum(0);
        if (!is_null)
            return DatumGetInt64(offset);
    }
    TimestampTz now = GetCurrentTimestamp();
    return WallOffset() + (last_sealed_at > now ? last_sealed_at - now : 0);
}

void SaveWallOffset(int64 offset) {
    if (!KeepsOffset())
        return;
    Oid types[] = {INT8OID, TEXTOID};
    Datum values[] = {Int64GetDatum(offset), CStringGetTextDatum(BootId())};
    SPI_execute_with_args("UPDATE warrant.recorder_state SET wall_offset = $1, boot_id = $2", 2, types, values, nullptr, false, 0);
}

}    // namespace warrant
