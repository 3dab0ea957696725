// What the client's EXECUTE runs: its own text is no more than a name.
#pragma once

namespace warrant {

// The query that was prepared under the name in the client's EXECUTE, cut to what a card needs; nullptr where the client has sent something else. In
// the current memory context.
const char* PreparedQuery();

}    // namespace warrant
