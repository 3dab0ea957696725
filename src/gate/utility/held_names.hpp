// The names of a utility statement led somewhere when it was decided; they must lead there still when it is over. The locks that it holds keep its
// relations' own names, but a schema is renamed without asking for them, and GRANT takes none.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct UtilityFrame;

// Notes where a name of the statement under decision leads. It is looked up again as it stands in the tree, which is the statement's.
void HoldSchema(const char* name, Oid schema);
void HoldRelation(const RangeVar* name, Oid relation);

// Raises 40001 when a held name leads elsewhere. A name that leads nowhere any more did not mislead the statement.
void CheckHeldNames(const UtilityFrame* frame);

}    // namespace warrant
