// How answers of the gate are called, in explain() and needs().
#pragma once

#include "pg/server.hpp"

#include "rules/decision.hpp"

namespace warrant {

// not_asked: as WhyNotAsked says.
const char* WordFor(Answer answer, const char* not_asked);

// Why no request is filed for the access, or nullptr: none could be, whoever asks, or the policy leaves that to a call. of_query: the statement is
// one that can be approved by itself.
const char* WhyNotAsked(const Decision* decision, Command command, bool of_query);

// Whether the access would be refused, but is only watched.
bool IsOnlyWatched(const Decision* decision);

}    // namespace warrant
