// What the names of an analysed query led to. Most of it its tree shows; of what the tree only names, the versions count: users' functions, types,
// and what the tables do to the rows that are written to them.
#pragma once

#include "pg/server.hpp"

namespace warrant {

void AppendObjects(StringInfo to, const Query* query);

// Another one as soon as this session hears that a function or a constraint has changed.
uint32_t ObjectsGeneration();

}    // namespace warrant
