// Calls of SQL functions that the recorder executes as actions.
#pragma once

#include "pg/server.hpp"

#include "queue/actions.hpp"

namespace warrant {

struct Call {
    char* name;
    char* arguments;    // a JSON object
    Oid result;
};

// The function's own name and arguments, as its catalogue row has them, but for one. Raises 54000 for a text that is too long.
Call PackCall(FunctionCallInfo fcinfo, const char* without = nullptr);

// Code that the server runs for another user must not ask for anything, or take it back, in the subject's name.
void RefuseForOthers(FunctionCallInfo fcinfo);

// Does the action. Where the recorder asks first whether a ticket matches patterns of policies, it is told: patterns are evaluated here, where one
// that takes its time keeps nobody else waiting.
char* RunWithTicket(const ActionRequest* action);

// The action's answer as a result of this type; nullptr is NULL.
Datum AnswerAs(FunctionCallInfo fcinfo, Oid type, char* answer);

}    // namespace warrant
