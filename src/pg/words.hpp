// Words for people: what somebody else wrote, and lengths of time.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The text in one line of at most so many characters, three at least: blanks of all kinds are one space, and marks are left out. In the current
// memory context.
char* InOneLine(const char* words, int size, int most);

// A name that somebody chose, as a message shows it: in one line of at most 128 characters. Empty for nullptr.
const char* Shown(const char* name);

// The text as it is, with escapes such as \u202e for all that does not show, but spaces. In the current memory context.
char* AsWritten(const char* words, int size);

// The length in its largest unit of which it has two, to the nearest number. In the current memory context.
char* InWords(int64 microseconds);

}    // namespace warrant
