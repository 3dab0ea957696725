// Which requests of a refusal are drafts, and what completes them.
#pragma once

#include "pg/server.hpp"

#include "gate/check/refused_access.hpp"

namespace warrant {

struct Drafts {
    int count;
    StringInfoData states;    // "request 1 is pending" for each
    StringInfoData detail;    // a line for each draft, or empty
    StringInfoData calls;     // a line with the call that completes it for each draft, or empty
};

// The answer is request ids with commas, the accesses are those that have requests. In the current memory context.
Drafts FindDrafts(const char* answer, const RefusedAccess* asked, int count);

// What to do about the requests: to complete the drafts, or to wait.
const char* WhatToDo(const char* answer, const Drafts* drafts);

}    // namespace warrant
