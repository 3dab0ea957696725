// Which writes include reading their own target: UPDATE, DELETE, MERGE and ON CONFLICT do, as long as what they read stays inside the
// server. RETURNING hands it to the client, and a function that is not the server's own, or that has side effects, to whoever wrote it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The relations (OIDs) whose writes in this query need no SELECT for what they read of them; a relation that one of its writes shows is not
// among them. Of the analysed query: the planner scribbles on it. In the current memory context.
List* ImpliedReads(Query* query);

// Keeps that answer with the plan, so that a cached plan has it when it starts; copies of the plan keep it too.
void NoteImpliedReads(PlannedStmt* plan, List* relations);

// What was noted; NIL for a plan that was not made under the gate, so that its reads need SELECT. In the current memory context.
List* NotedImpliedReads(const PlannedStmt* plan);

}    // namespace warrant
