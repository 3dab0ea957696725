// Rows that are fetched later than their statement was decided on: cursors, suspended portals, loops over a query, cursors WITH HOLD that
// COMMIT materialises. Each fetch is refused once the grant is gone; while it lives, nothing is recorded or spent for it.
//
// Not met here: rows that the server has put aside for a portal of UPDATE ... RETURNING or EXECUTE with a row limit; no hook sees them leave.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

struct Start {
    QueryDesc* query;          // nullptr: its first run must ask
    TimestampTz message;       // when the client's message came that started it; 0: whoever started it runs it at once
};
inline Start last_start;

// The query has been decided on and started. A portal gets its receiver when it runs; who brings one to the start runs at once.
inline void NoteStart(QueryDesc* query) {
    bool at_once = query->dest->mydest != DestNone;
    last_start.query = at_once || CurrentFrame() == nullptr ? query : nullptr;
    last_start.message = at_once ? 0 : GetCurrentStatementStartTimestamp();
}

// Whether this run follows the start that was noted last, with nothing in between. The client's own portal runs in the message that started it,
// or in the next one: what was decided on a millisecond ago has begun. Forgets the start.
inline bool IsFirstRun(const QueryDesc* query) {
    constexpr uint64 one_millisecond = 1000;
    bool first = last_start.query == query &&
                 (last_start.message == 0 || uint64(GetCurrentStatementStartTimestamp() - last_start.message) <= one_millisecond);
    last_start.query = nullptr;
    return first;
}

// A query that has ended, or has failed, is nobody's start.
inline void ForgetStart(const QueryDesc* query) {
    if (last_start.query == query)
        last_start.query = nullptr;
}
inline void ForgetStarts() { last_start.query = nullptr; }

// The client's own query that is being started; nullptr when something runs, which has a frame, and in a fast-path call.
inline QueryDesc* StartingQuery() { return CurrentFrame() == nullptr && ActivePortal != nullptr ? last_start.query : nullptr; }

// Raises 42501 when a query that has started earlier may not run now.
void CheckBeforeRun(const QueryDesc* query);

// The same for FETCH and MOVE, before the portal is touched: it is still good when the error is rolled back to a savepoint. What
// COMMIT has put aside leaves through here alone (kept_rows.hpp). Notes the portal in the frame of the FETCH.
void CheckPortal(Frame* fetch, const char* name);

}    // namespace warrant
