// The condition `hours` of a policy: statements pass only in certain hours of the week, by the clock on the wall of one time zone.
//
// An hour that the zone leaves out when summer begins does not come, and one that comes twice when it ends counts both times. What cannot be read, or
// names a zone that this server does not know, is never open.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// One block in the memory context in which it was read or copied.
struct Hours;

Hours* ReadHours(Datum value);
Hours* CopyHours(const Hours* hours);
const char* TextOf(const Hours* hours);

// Raises 22023 for what are no hours, and for a zone that this server does not know.
void RequireHours(const char* text);

// Whether they are open now. Lowers *until to the moment up to which that holds at least.
bool AreOpen(const Hours* hours, TimestampTz now, TimestampTz* until);

// When they open next, as "Mon 2026-11-30 08:00 CET"; nullptr when that cannot be told.
const char* NextOpening(const Hours* hours, TimestampTz now);

// Why nothing passes now.
const char* WhyClosed(const Hours* hours, TimestampTz now);

// Whether some minute is open after a change that was not before; nullptr is always open. Minutes of two zones cannot be compared, and count as more.
bool AreMore(const Hours* before, const Hours* after);

}    // namespace warrant
