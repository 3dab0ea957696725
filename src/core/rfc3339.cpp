#include "core/rfc3339.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace warrant::core {

std::string Rfc3339(int64_t unix_microseconds) {
    using namespace std::chrono;
    constexpr sys_time<microseconds> first = sys_days(year(0) / January / 1);
    constexpr sys_time<microseconds> last = sys_days(year(10000) / January / 1) - microseconds(1);
    sys_time<microseconds> moment = std::clamp(sys_time<microseconds>(microseconds(unix_microseconds)), first, last);
    sys_days day = floor<days>(moment);
    year_month_day date(day);
    hh_mm_ss<microseconds> time(moment - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                  int(time.hours().count()), int(time.minutes().count()), int(time.seconds().count()), int(time.subseconds().count()));
    return text;
}

}    // namespace warrant::core
