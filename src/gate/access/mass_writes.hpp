// Which UPDATEs and DELETEs reach all rows, for all that their words say: their WHERE names no column of their target. They need UPDATE_ALL or
// DELETE_ALL besides. That stops accidents, not intent: WHERE id > 0 names a column.
//
// What was written counts, not what the planner makes of it. Row policies are no condition of whoever wrote the statement. Those of a view, and of a
// rule, restrict the tables behind it, but not the view, or what the rule is on.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Relations (OIDs) each of whose UPDATEs, or DELETEs, in the query name a column. What is not among them is written as a whole.
struct NarrowWrites {
    List* updates;
    List* deletes;
};

// Finds them in an analysed query, before planning, because the planner scribbles on it. In the current memory context.
NarrowWrites FindNarrowWrites(Query* query);

}    // namespace warrant
