// What a line of a ledger (statement.hpp) sends to the recorder: a record when it is met first, and its outcome.
#pragma once

#include "pg/server.hpp"

#include "gate/statement.hpp"

namespace warrant {

// Sends a new line's record with the statement's text. With waits it returns when this record, and all before it, are durable;
// with has_outcome, room for the outcome is kept. Raises 53400 or 55000 when the record cannot be kept, for a verdict that waits,
// unless pg_warrant.audit_failure allows it; those of other verdicts go to the server log then.
void RecordLine(Statement* statement, Line* line, const Verdict* verdict, bool waits, bool has_outcome, const char* text, int length);

// Sends the outcome of a line that was promised one, without allocation, wait or error. sqlstate: of a failure.
void RecordOutcome(const Statement* statement, const Line* line, bool failed, int sqlstate);

}    // namespace warrant
