// What `ticket_pattern` of a policy asks of the tickets of its requests: a regular expression, as the server's own, that matches the whole ticket.
// Classes such as \w are of ASCII, whatever the locale.
//
// A pattern is bounded, so that none can hang anybody: it has neither back references nor lookaround, and few states. It is looked at where the
// ticket comes from, in the session, never in the recorder.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr int most_ticket_bytes = 100;

// Raises 22023 for what is no pattern, or one that is too long or too complex.
void RequireTicketPattern(const char* pattern);

// Whether the whole ticket matches; false for what is no pattern, and for a ticket that is not one line as people read it.
bool FitsPattern(const char* ticket, const char* pattern);

// The pattern in one line, for whoever lacks a ticket.
char* PatternInWords(const char* pattern);

}    // namespace warrant
