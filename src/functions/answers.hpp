// How answers of the gate are called, in explain() and needs().
#pragma once

#include "pg/server.hpp"

#include "rules/decision.hpp"

namespace warrant {

const char* WordFor(Answer answer);

// Whether the access would be refused, but is only watched.
bool IsOnlyWatched(const Decision* decision);

}    // namespace warrant
