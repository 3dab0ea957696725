// Rows that COMMIT has put aside: of cursors WITH HOLD, and of loops whose procedure commits inside them. FETCH is met as a
// statement, but a function's FETCH, cursor_to_xml() or the protocol's Execute take such rows with no hook in their way. So they
// are not left in the portal: it has a FETCH of ours to run first, as if it were a utility statement's portal that has not begun.
// The gate meets that one like the client's, asks, and gives the rows back until another statement begins. Who does not fetch is
// not asked, and may go on.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether some portal has its rows, and does not run: they are to be taken out before anything else begins.
inline bool rows_in_reach = false;
void PutRowsAside();

// Called after a run that a COMMIT has made for a portal, whose rows it keeps.
void NoteKeptRows(const QueryDesc* query);

// Called when a FETCH or MOVE that may run is about to. True when it is our own FETCH, which has then done its work.
bool GiveRowsBack(const FetchStmt* fetch);

}    // namespace warrant
