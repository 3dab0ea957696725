// Durations as people write them, as far as the server's own reading says too little.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <string_view>

namespace warrant::core {

// Whether an interval's text has a number that no unit follows, which the server takes for seconds: "15", "1 day 15". A time ("1:30") has its
// units by its form, and zero needs none.
bool LacksUnit(std::string_view text);

}    // namespace warrant::core
