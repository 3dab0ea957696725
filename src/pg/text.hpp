// Text that nobody has checked: settings of the startup packet, names that sessions of other databases wrote into shared catalogues, records that
// come from a database of another encoding.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Replaces bytes that are no characters of this database's encoding by question marks, each of them; in place.
void CleanText(char* text, int size);

// The text itself if it is valid, else a clean copy in the current memory context.
const char* CleanedText(const char* text);

}    // namespace warrant
