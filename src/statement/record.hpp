// What a line of a ledger (ledger.hpp) sends to the recorder: a record when it is met first, and its outcome.
#pragma once

#include "pg/server.hpp"

#include "statement/ledger.hpp"


namespace warrant {

// Sends a new line's record with the statement's text. With waits it returns when this record, and all before it, are durable;
// with has_outcome its outcome will be recorded. Raises 53400 or 55000 when the record of what a grant allows cannot be kept, after it has waited
// for room, unless pg_warrant.audit_failure allows it; those of other verdicts go to the server's log then, complete.
void RecordLine(Statement* statement, Line* line, const Verdict* verdict, bool waits, bool has_outcome, const char* text, int length);

// Sends the outcome of a line, without error. It takes the room that was promised it, or finds some; of a success it waits for it until the
// deadline. What the ring does not take goes to the server's log. sqlstate: of a failure.
void RecordOutcome(const Statement* statement, const Line* line, bool failed, int sqlstate, int64* deadline);

}    // namespace warrant
