// What the names in rows of the workflow are now.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Puts what an object is called now into the names of its schema and itself; once it is gone, they stay as they are.
void TakeNamesNow(char kind, Oid object, Datum* names, bool* nulls);

}    // namespace warrant
