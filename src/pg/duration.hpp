// Durations are seconds: a month has no fixed length, so that comparing it and adding it are two things; and a day is 24 hours, whatever a time zone
// says. Intervals with months, years or negative fields are refused wherever a duration comes in.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr int64 longest_duration_us = INT64CONST(1000) * 365 * USECS_PER_DAY;    // what it is added to is still a date

// What is wrong with the interval as a duration, to stand behind its name in a message; nullptr when it is a duration. Zero is none either.
const char* ProblemOf(const Interval* interval);

// The microseconds of an interval that is a duration or zero.
int64 Microseconds(const Interval* interval);

// The interval as comparisons take it, a month for 30 days, and at least a second: for what older releases have stored.
int64 MicrosecondsAsCompared(const Interval* interval);

Interval* IntervalOf(int64 microseconds);

// Raises 22023 about a parameter that is no duration.
void RequireDuration(const Interval* interval, const char* parameter);

// A duration in text, as the server reads it. Nothing is raised: *problem says why there is none.
bool ParseDuration(const char* text, int64* microseconds, const char** problem);

// Raises 22023 when one of a call's arguments is an interval that the statement's text has as a number without a unit. A value that comes as a
// parameter has no text any more.
void CheckUnits(const FuncExpr* call, const char* source);

}    // namespace warrant
