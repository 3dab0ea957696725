// What the names in rows of the workflow are now.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Puts what an object is called now into the names of its schema and itself; once it is gone, they stay as they are.
void TakeNamesNow(char kind, Oid object, Datum* names, bool* nulls);

// The numbers of the columns (char*), as an array, each once and in order; those that the relation does not have are left out.
Datum ColumnNumbers(Oid relation, const List* columns);

}    // namespace warrant
