// Moments as RFC 3339 text in UTC.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdint>
#include <string>

namespace warrant::core {

// The text of a moment in microseconds since 1970: 2025-11-22T13:23:00.123456Z. The fraction is always six digits, so that
// texts sort as moments do. For the years 0000 to 9999, which is all that RFC 3339 can say; others are clamped to their ends.
std::string Rfc3339(int64_t unix_microseconds);

}    // namespace warrant::core
