// SECURITY LABEL FOR pg_warrant: who may put a label on a relation, or take it away. A label is a definition.
#pragma once

namespace warrant {

// Tells the server that there are such labels, in pg_upgrade as well: what it restores has some.
void RegisterLabels();

}    // namespace warrant
