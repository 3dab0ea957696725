// A number without a unit is found wherever it stands in a duration's text.
#include "core/duration_text.hpp"

#include <gtest/gtest.h>

using warrant::core::LacksUnit;

TEST(DurationText, ANumberAloneLacksItsUnit) {
    for (const char* text : {"15", " 15 ", "+15", "-15", "15.5", ".5", "00015", "1 day 15", "15 1 day", "1 15:00", "1-2", "15,min", "@ 15", "PT15",
                             "P15", "P15T5M", "PT001500"})
        EXPECT_TRUE(LacksUnit(text)) << text;
}

TEST(DurationText, UnitsTimesAndZeroAreEnough) {
    for (const char* text : {"15 min", "15min", "1h30m", "1 day 2 hours", "1 day 02:30", "00:15", "1:30:00.5", "0", "0.0", " 0 ", "PT15M", "P1DT2H",
                             "P0000-00-01T00:15:00", "1.5 hours", "-1 min", "1 hour ago", "infinity", "soon", ""})
        EXPECT_FALSE(LacksUnit(text)) << text;
}
