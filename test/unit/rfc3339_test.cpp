// Moments as text: the epoch, both sides of it, leap days, and the ends of the calendar.
#include "core/rfc3339.hpp"

#include <gtest/gtest.h>

using warrant::core::Rfc3339;

TEST(Rfc3339, WritesMoments) {
    EXPECT_EQ(Rfc3339(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(Rfc3339(1614265330'000001), "2021-02-25T15:02:10.000001Z");
    EXPECT_EQ(Rfc3339(951782399'999999), "2000-02-28T23:59:59.999999Z");
    EXPECT_EQ(Rfc3339(951782400'000000), "2000-02-29T00:00:00.000000Z");
    EXPECT_EQ(Rfc3339(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(Rfc3339(-62135596800'000000), "0001-01-01T00:00:00.000000Z");
}

TEST(Rfc3339, ClampsToItsCalendar) {
    EXPECT_EQ(Rfc3339(INT64_MAX), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(Rfc3339(INT64_MIN), "0000-01-01T00:00:00.000000Z");
}
