// The text of a statement, as the log and webhooks may have it: without the literals of commands that hold passwords by their nature. Which
// commands those are stands in WhatHolds alone. Planned statements keep their literals: they are what was done.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

// Replaces the text by one without secrets, if it is that of a utility statement that holds some. The new one lives until the message ends.
void WithholdSecrets(const Node* utility, const char** text, int* length);

// Where the query begins in a text PREPARE name (types) AS query; its end where there is none.
const char* QueryOfPrepare(const char* text, const char* end);

}    // namespace warrant
