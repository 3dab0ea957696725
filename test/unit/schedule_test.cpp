// Hours of the week: what a text opens, minute by minute, and what is no such text.
#include "core/schedule.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace warrant::core;

namespace {

constexpr int hour = 60;
enum Day { Mon, Tue, Wed, Thu, Fri, Sat, Sun };

int At(Day day, int minute) { return day * minutes_of_day + minute; }

Schedule Read(std::string_view text) {
    Schedule schedule;
    ScheduleProblem problem = ReadSchedule(text, &schedule);
    EXPECT_EQ(problem.what, nullptr) << text << ": " << problem.what << " at " << problem.at;
    return schedule;
}

bool Opens(std::string_view text, Day day, int minute) { return Read(text).open[size_t(At(day, minute))]; }

}    // namespace

TEST(Schedule, OpensFromTheFirstMinuteAndUntilTheLast) {
    constexpr std::string_view office = "Mon-Fri 08:00-18:00 Europe/Berlin";
    EXPECT_EQ(Read(office).zone, "Europe/Berlin");
    EXPECT_EQ(Read(office).open.count(), 5U * 10 * hour);
    EXPECT_FALSE(Opens(office, Mon, 8 * hour - 1));
    EXPECT_TRUE(Opens(office, Mon, 8 * hour));
    EXPECT_TRUE(Opens(office, Fri, 18 * hour - 1));
    EXPECT_FALSE(Opens(office, Fri, 18 * hour));
    EXPECT_FALSE(Opens(office, Sat, 12 * hour));
}

TEST(Schedule, GoesOverMidnightAndOverTheWeeksEnd) {
    EXPECT_TRUE(Opens("Fri 22:00-06:00 UTC", Sat, 6 * hour - 1));
    EXPECT_FALSE(Opens("Fri 22:00-06:00 UTC", Sat, 6 * hour));
    EXPECT_FALSE(Opens("Fri 22:00-06:00 UTC", Fri, 5 * hour));
    EXPECT_TRUE(Opens("Sun 22:00-06:00 UTC", Mon, 5 * hour));
    EXPECT_TRUE(Opens("22:00-00:00 UTC", Wed, 24 * hour - 1));
    EXPECT_FALSE(Opens("22:00-00:00 UTC", Wed, 0));
    EXPECT_EQ(Read("Fri-Mon 00:00-24:00 UTC").open.count(), 4U * minutes_of_day);
    EXPECT_FALSE(Opens("Fri-Mon 00:00-24:00 UTC", Tue, 0));
    EXPECT_EQ(Read("00:00-24:00 UTC").open.count(), size_t(minutes_of_week));
}

TEST(Schedule, AWindowWithoutDaysHasThoseOfTheOneBefore) {
    Schedule schedule = Read("mon, WED-thu 08:00-12:00,13:00-17:00 ,  Sat 09:00-10:00 Etc/GMT+5");
    EXPECT_EQ(schedule.open.count(), 3U * 8 * hour + hour);
    EXPECT_TRUE(schedule.open[size_t(At(Thu, 16 * hour))]);
    EXPECT_FALSE(schedule.open[size_t(At(Tue, 16 * hour))]);
    EXPECT_FALSE(schedule.open[size_t(At(Sat, 16 * hour))]);
    EXPECT_EQ(schedule.zone, "Etc/GMT+5");
}

TEST(Schedule, KnowsWhenItChanges) {
    Schedule night = Read("Sun 23:00-01:00 UTC");
    EXPECT_EQ(MinutesUntilChange(night, At(Sun, 22 * hour)), hour);
    EXPECT_EQ(MinutesUntilChange(night, At(Sun, 23 * hour)), 2 * hour);
    EXPECT_EQ(MinutesUntilChange(night, At(Mon, 1 * hour)), minutes_of_week - 2 * hour);
    EXPECT_EQ(MinutesUntilChange(Read("00:00-24:00 UTC"), 0), 0);
    EXPECT_EQ(MinutesUntilChange(Schedule{}, 0), 0);
}

TEST(Schedule, ComparesMinutes) {
    Schedule office = Read("Mon-Fri 08:00-18:00 UTC");
    EXPECT_TRUE(IsWithin(office, office));
    EXPECT_TRUE(IsWithin(Read("Mon 08:00-12:00,12:00-18:00 UTC"), office));
    EXPECT_FALSE(IsWithin(Read("Mon 08:00-18:01 UTC"), office));
    EXPECT_TRUE(IsWithin(office, Read("00:00-24:00 UTC")));
}

TEST(Schedule, RefusesWhatIsNone) {
    for (const char* text : {"",
                             " ",
                             "UTC",
                             "always",
                             "08:00-18:00",
                             "08:00-18:00 ",
                             "08:00-18:00 CET",
                             "08:00-18:00 utc",
                             "08:00-18:00 +01",
                             "08:00-18:00 +01:00",
                             "08:00-18:00 CET-1CEST",
                             "08:00-18:00UTC",
                             "08:00-18:00 UTC ",
                             "08:00-18:00 Europe/Ber lin",
                             "08:00-18:00 /etc/passwd",
                             "08:00-18:00 ../x",
                             "08:00-18:00 Europe/B\xC3\xA9rlin",
                             "8-18 UTC",
                             "8:00-18:00 UTC",
                             "08:00 UTC",
                             "08:00-08:00 UTC",
                             "00:00-00:00 UTC",
                             "24:00-06:00 UTC",
                             "08:00-24:01 UTC",
                             "08:60-09:00 UTC",
                             "25:00-26:00 UTC",
                             "Mon UTC",
                             "Mon-Fri UTC",
                             "Mon- 08:00-18:00 UTC",
                             "Monday 08:00-18:00 UTC",
                             "Mo 08:00-18:00 UTC",
                             "Mon08:00-18:00,, UTC",
                             "08:00-18:00, UTC",
                             "Mon-Fri 08:00\xE2\x80\x93"
                             "18:00 UTC",
                             "08:00-18:00\nUTC"}) {
        Schedule schedule = Read("00:00-24:00 UTC");
        ScheduleProblem problem = ReadSchedule(text, &schedule);
        EXPECT_NE(problem.what, nullptr) << text;
        EXPECT_LE(problem.at, std::string_view(text).size()) << text;
        EXPECT_TRUE(schedule.open.none()) << text;
    }
    Schedule schedule;
    EXPECT_NE(ReadSchedule(std::string(490, ' ') + "08:00-18:00 UTC", &schedule).what, nullptr);
    EXPECT_NE(ReadSchedule("08:00-18:00 A/" + std::string(62, 'b'), &schedule).what, nullptr);
    EXPECT_NE(ReadSchedule(std::string_view("08:00-18:00 UTC\0", 16), &schedule).what, nullptr);
}
