// What the script asks about conditions of policies.
#include "pg/server.hpp"

#include "rules/conditions/client_cidr.hpp"
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

// lets_in(networks cidr[], client_addr text) -> boolean: whether a client at this address, as the log has it, is in one of the networks.
WARRANT_FUNCTION(warrant_lets_in) { PG_RETURN_BOOL(AreAround(ReadNetworks(PG_GETARG_DATUM(0)), TextDatumGetCString(PG_GETARG_DATUM(1)))); }
