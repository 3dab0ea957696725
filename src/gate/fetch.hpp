// Rows that are fetched later than their statement was decided on: cursors, suspended portals, loops over a query, cursors WITH HOLD that
// COMMIT materialises. Each fetch is refused once the grant is gone; while it lives, nothing is recorded or spent for it.
//
// Not met here: rows that the server has put aside for a portal of UPDATE ... RETURNING or EXECUTE with a row limit; no hook sees them leave.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

// Raises 42501 when a query that has started earlier may not run now.
void CheckBeforeRun(const QueryDesc* query);

// Raises 42501 when a FETCH or MOVE may not run now, before the portal is touched: the portal is still good when the error is rolled back to
// a savepoint. What COMMIT has put aside leaves through here alone (kept_rows.hpp). Notes the portal in the frame of the FETCH.
void CheckPortal(Frame* fetch, const char* name);

}    // namespace warrant
