// Whether a guard of core/ is switched off, to prove that a test notices: by its name in the environment variable WARRANT_MUTANT, in builds
// with -DWARRANT_MUTANTS alone.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#ifdef WARRANT_MUTANTS
#include <cstdlib>
#include <string_view>
#endif

namespace warrant::core {

#ifdef WARRANT_MUTANTS
inline bool IsOff(std::string_view guard) {
    const char* off = std::getenv("WARRANT_MUTANT");
    return off != nullptr && guard == off;
}
#else
constexpr bool IsOff(const char*) { return false; }
#endif

}    // namespace warrant::core
