// What the script asks about conditions of policies.
#include "pg/server.hpp"

#include "rules/conditions/hours.hpp"
#include "rules/conditions/ticket.hpp"

using namespace warrant;

// check_hours(hours text) -> void: raises 22023 for what are no hours.
WARRANT_FUNCTION(warrant_check_hours) {
    RequireHours(TextDatumGetCString(PG_GETARG_DATUM(0)));
    PG_RETURN_VOID();
}

// check_ticket_pattern(pattern text) -> void: raises 22023 for what is no pattern of tickets.
WARRANT_FUNCTION(warrant_check_ticket_pattern) {
    RequireTicketPattern(TextDatumGetCString(PG_GETARG_DATUM(0)));
    PG_RETURN_VOID();
}

// fits_pattern(ticket text, pattern text) -> boolean: whether the whole ticket matches. Not for the recorder.
WARRANT_FUNCTION(warrant_fits_pattern) {
    PG_RETURN_BOOL(FitsPattern(TextDatumGetCString(PG_GETARG_DATUM(0)), TextDatumGetCString(PG_GETARG_DATUM(1))));
}
