// Hours of the week, as a policy names them: 'Mon-Fri 08:00-18:00, Sat 09:00-12:00 Europe/Berlin'.
//
// Windows stand between commas. Each has days, a time of the day from which it is open and one until which it is; a window without days has those of
// the window before, and the first one every day. One that ends before it begins goes over midnight and belongs to the day on which it begins. 24:00
// is the end of the day. Behind the last window stands the time zone, by its name in the time zone database: an abbreviation stands for another
// offset in summer than people mean, and for nothing in other countries. Whether there is such a zone is the server's to know.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <bitset>
#include <cstddef>
#include <string_view>

namespace warrant::core {

constexpr int minutes_of_day = 24 * 60;
constexpr int minutes_of_week = 7 * minutes_of_day;

struct Schedule {
    // By minute of the week in the zone's time, from Monday 00:00.
    std::bitset<minutes_of_week> open;
    // In the text that was read.
    std::string_view zone;
};

struct ScheduleProblem {
    // nullptr: there is none.
    const char* what;
    // The byte of the text before which it was met.
    size_t at;
};

// Allocates nothing, and throws nothing. With a problem the schedule is never open.
ScheduleProblem ReadSchedule(std::string_view text, Schedule* schedule) noexcept;

// After how many minutes the schedule first opens or closes, from this minute of the week on; 0 when it never does.
int MinutesUntilChange(const Schedule& schedule, int minute) noexcept;

// Whether each minute of the one is open in the other.
bool IsWithin(const Schedule& schedule, const Schedule& other) noexcept;

}    // namespace warrant::core
