// The end of the extension in a database. Its slot stays until its recorder has seen it; nobody must count on it meanwhile.
#pragma once

namespace warrant {

// The current transaction drops the extension. Once that is committed, its workers are woken.
void NoteDrop();

// Whether this database's extension has been dropped by a committed transaction, and not been created again since: what its workers have under way
// fails, and concerns nobody.
bool IsDropped();

}    // namespace warrant
