#include <set>
#include <string>

#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/settings.hpp"

namespace warrant {

// Straight to the server's log: guards are asked in places where nothing may be raised.
static void ReportAsked(const char* guard) {
    static std::set<std::string, std::less<>> reported;
    if (reported.emplace(guard).second)
        write_stderr("asks guard %s\n", guard);
}

bool Mutant(const char* guard) {
    if (settings.mutant != nullptr && strcmp(settings.mutant, "?") == 0) {
        ReportAsked(guard);
        return false;
    }
    size_t length = strlen(guard);
    for (const char* named = settings.mutant; named != nullptr; named = strchr(named, ',')) {
        named += named != settings.mutant;    // the comma
        if (strncmp(named, guard, length) == 0 && (named[length] == '\0' || named[length] == ','))
            return true;
    }
    return false;
}

void Hold(const char* place) {
    if (!WaitsAt(place))
        return;
    constexpr int64 lock = 1;
    (void)DirectFunctionCall1(pg_advisory_lock_shared_int8, Int64GetDatum(lock));
    (void)DirectFunctionCall1(pg_advisory_unlock_shared_int8, Int64GetDatum(lock));
}

void Hold(const Node* utility) { Hold(GetCommandTagName(CreateCommandTag(const_cast<Node*>(utility)))); }

}    // namespace warrant
