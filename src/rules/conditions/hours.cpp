#include "core/schedule.hpp"

#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/conditions/hours.hpp"

namespace warrant {

struct Hours {
    core::Schedule schedule;    // its zone is in the text
    bool readable;
    char text[FLEXIBLE_ARRAY_MEMBER];
};

namespace {

Hours* NewHours(const char* text) {
    int length = int(strlen(text));
    Hours* hours = static_cast<Hours*>(palloc0(offsetof(Hours, text) + length + 1));
    memcpy(hours->text, text, length);
    hours->readable = core::ReadSchedule({hours->text, size_t(length)}, &hours->schedule).what == nullptr;
    return hours;
}

// The zone, spelled as the database spells it. The server also takes other things for zones: "Europe/Berlin-1" is an abbreviation of that name with
// an offset, which it gives back in capitals. It refuses zones that count leap seconds, and so do we.
const pg_tz* ZoneOf(const Hours* hours) {
    const char* name = hours->schedule.zone.data();    // up to the end of the text
    bool has_small = strpbrk(name, "abcdefghijklmnopqrstuvwxyz") != nullptr || strcmp(name, "UTC") == 0;
    pg_tz* zone = has_small ? pg_tzset(name) : nullptr;
    return zone != nullptr && pg_tz_acceptable(zone) && strcmp(pg_get_timezone_name(zone), name) == 0 ? zone : nullptr;
}

// Of which week the moment is does not matter; nullptr when the server cannot tell.
const pg_tm* LocalTime(pg_time_t moment, const pg_tz* zone, int* minute) {
    const pg_tm* local = pg_localtime(&moment, zone);
    if (local != nullptr)
        *minute = (local->tm_wday + 6) % 7 * core::minutes_of_day + local->tm_hour * 60 + local->tm_min;
    return local;
}

// A moment in the hours, and the next at which they may be otherwise: they change, or the zone's offset does.
struct Look {
    bool known;
    bool open;
    pg_time_t next;    // 0: there is none
};

Look LookAt(const Hours* hours, const pg_tz* zone, pg_time_t moment) {
    int minute;
    const pg_tm* local = LocalTime(moment, zone, &minute);
    if (local == nullptr)
        return Look{};
    Look look = {true, hours->schedule.open[size_t(minute)], 0};
    int change = core::MinutesUntilChange(hours->schedule, minute);
    if (change != 0)
        look.next = moment - local->tm_sec + pg_time_t(change) * SECS_PER_MINUTE;
    long offset_before, offset_after;
    int summer_before, summer_after;
    pg_time_t shift;
    int found = pg_next_dst_boundary(&moment, &offset_before, &summer_before, &shift, &offset_after, &summer_after, zone);
    if (found > 0 && (look.next == 0 || shift < look.next))
        look.next = shift;
    return look;
}

}    // namespace

Hours* ReadHours(Datum value) { return NewHours(TextDatumGetCString(value)); }

Hours* CopyHours(const Hours* hours) { return hours == nullptr ? nullptr : NewHours(hours->text); }

const char* TextOf(const Hours* hours) { return hours->text; }

void RequireHours(const char* text) {
    core::Schedule schedule;
    core::ScheduleProblem problem = core::ReadSchedule(text, &schedule);
    const char* rest = text + problem.at;
    constexpr int most_shown = 40;    // bytes
    if (problem.what != nullptr)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("hours cannot be read: %s", problem.what),
                        rest[0] == '\0' ? errdetail("They end too early.")
                                        : errdetail("The problem is met before \"%.*s\".", pg_mbcliplen(rest, int(strlen(rest)), most_shown), rest),
                        errhint("An example is 'Mon-Fri 08:00-18:00, Sat 09:00-12:00 Europe/Berlin'.")));
    if (ZoneOf(NewHours(text)) == nullptr)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("hours name an unknown time zone \"%s\"", schedule.zone.data()),
                        errhint("Zones are spelled as in pg_timezone_names.")));
}

bool AreOpen(const Hours* hours, TimestampTz now, TimestampTz* until) {
    const pg_tz* zone = hours->readable ? ZoneOf(hours) : nullptr;
    if (zone == nullptr)
        return false;
    Look look = LookAt(hours, zone, timestamptz_to_time_t(now));
    TimestampTz next = look.next == 0 ? DT_NOEND : time_t_to_timestamptz(look.next);
    *until = next < *until ? next : *until;
    return look.known && look.open;
}

const char* NextOpening(const Hours* hours, TimestampTz now) {
    constexpr int most_looks = 1000;    // as many windows as the longest text has, in a few weeks
    const pg_tz* zone = hours->readable ? ZoneOf(hours) : nullptr;
    pg_time_t moment = timestamptz_to_time_t(now);
    for (int i = 0; i < most_looks && zone != nullptr; i++) {
        Look look = LookAt(hours, zone, moment);
        if (look.known && look.open) {
            char* text = static_cast<char*>(palloc(TZ_STRLEN_MAX + 1));
            return pg_strftime(text, TZ_STRLEN_MAX, "%a %Y-%m-%d %H:%M %Z", pg_localtime(&moment, zone)) == 0 ? nullptr : text;
        }
        if (!look.known || look.next == 0)
            return nullptr;
        moment = look.next;
    }
    return nullptr;
}

const char* WhyClosed(const Hours* hours, TimestampTz now) {
    if (!hours->readable)
        return psprintf("this release cannot read its hours \"%s\"", hours->text);
    if (ZoneOf(hours) == nullptr)
        return psprintf("its hours are %s, in a time zone that this server does not know", hours->text);
    const char* next = NextOpening(hours, now);
    return psprintf("its hours are %s%s%s", hours->text, next == nullptr ? "" : ", and begin next on ", next == nullptr ? "" : next);
}

bool AreMore(const Hours* before, const Hours* after) {
    if (before == nullptr || before->schedule.open.all())
        return false;
    if (after == nullptr)
        return true;
    bool same_zone = before->schedule.zone == after->schedule.zone;
    return !core::IsWithin(after->schedule, before->schedule) || (!same_zone && after->schedule.open.any());
}

}    // namespace warrant
