// What the script asks about conditions of policies.
#include "pg/server.hpp"

#include "rules/conditions/hours.hpp"

using namespace warrant;

// check_hours(hours text) -> void: raises 22023 for what are no hours.
WARRANT_FUNCTION(warrant_check_hours) {
    RequireHours(TextDatumGetCString(PG_GETARG_DATUM(0)));
    PG_RETURN_VOID();
}
