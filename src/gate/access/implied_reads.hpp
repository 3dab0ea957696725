// Which writes include reading their own target: UPDATE, DELETE, MERGE and ON CONFLICT do, as long as what they read stays inside the
// server. RETURNING hands it to the client, and a function that is not the server's own, or that has side effects, to whoever wrote it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Relations (OIDs) that a query writes.
struct ImpliedReads {
    // Need no SELECT for what the write reads of them.
    List* implied;
    // Need SELECT although the server does not ask for it: the conditions of a view show them to functions.
    List* shown;
    // Whether it is a foreign key's own action that writes.
    bool of_key = false;
};

// Whether this node, without its children, shows its arguments to code that is not the server's own.
bool CallsOthers(Node* node);

// Finds the implied reads of an analysed query, before planning, because the planner scribbles on it. A relation that one of the query's writes
// shows is not among the implied ones. In the current memory context.
ImpliedReads FindImpliedReads(Query* query);

}    // namespace warrant
