// What an access record (statement_record.hpp) sends to the recorder: a row when it is made, and its outcome.
#pragma once

#include "pg/server.hpp"

#include "statement/statement_record.hpp"

namespace warrant {

// Sends a new access record's row with the statement's text. With waits it returns when this row, and all before it, are durable; with
// has_outcome its outcome will be recorded. Raises 53400 or 55000 when the row of what a grant allows cannot be kept, after it has waited for
// room, unless pg_warrant.audit_failure allows it; rows of other checked accesses go to the server's log then, complete.
void SendAccessRow(StatementRecord* statement, AccessRecord* record, const CheckedAccess* checked_access, bool waits, bool has_outcome,
                   const char* text, int length);

// Sends the outcome of an access record, without error. It takes the room that was promised it, or finds some; the outcome of a success waits for
// room until the deadline. What the ring does not take goes to the server's log. sqlstate: of a failure.
void SendOutcomeRow(const StatementRecord* statement, const AccessRecord* record, bool failed, int sqlstate, int64* deadline);

}    // namespace warrant
