// The recorder's side of an action: SQL in a subtransaction of its own, with a time limit.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

// The next action's number; no other has had it, not before a restart either.
int64_t NextActionId();

// Executes the entry's action and writes its row in warrant.action_results. What the action raises becomes the reply.
void ExecuteAction(const EntryHeader* entry, int64_t action_id, Reply* reply);

// Has the caller of the action under way get a NOTICE, if it is done.
void TellCaller(const char* message);

// The reply of an action that an earlier recorder executed and committed.
void RecallReply(int64_t action_id, Reply* reply);

// Whether what the server says of an error is for the caller who asked: about the arguments, the caller's rights, or the state of what was named.
// Other errors tell of files, tables and processes that are none of the caller's business.
bool IsForCaller(const ErrorData* error);

// The reply to whoever waits for what ended with the error. The error itself is logged, where administrators read it.
void ReplyWithError(Reply* reply, const ErrorData* error);

// Registers the time limit with the server; once, when the recorder starts.
void PrepareActions();

}    // namespace warrant
