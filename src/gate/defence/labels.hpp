// SECURITY LABEL FOR pg_warrant: who may put a label on a relation, or take it away. A label is a definition.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Tells the server that there are such labels, in pg_upgrade as well: what it restores has some.
void RegisterLabels();

// Warns of the label that goes with a relation which is dropped, and notes it: what is made anew under its name has none.
void NoteDroppedLabel(Oid relation);

}    // namespace warrant
