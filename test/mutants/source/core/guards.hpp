// Whether a guard of core/ is switched off, to prove that a test notices: by its name in the environment variable WARRANT_MUTANT.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdlib>
#include <string_view>

namespace warrant::core {

inline bool IsOff(std::string_view guard) {
    const char* off = std::getenv("WARRANT_MUTANT");
    return off != nullptr && guard == off;
}

}    // namespace warrant::core
