// Asking the recorder to do something: an action's name and arguments go through the ring, its answer comes back.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"
#include "queue/ring.hpp"

namespace warrant {

// What an action needs besides its arguments; the statement it belongs to.
struct ActionRequest {
    const char* action;
    const char* arguments;        // a JSON object
    const AuditFields* fields;    // may be nullptr
    const char* text;             // of the statement, may be nullptr
    int text_length;
    bool stays = false;      // the action is done also when nobody waits for it any more: a cancel leaves it in the queue, or in the server's log
    bool patient = false;    // waits for room in the ring, at most pg_warrant.audit_timeout
    void (*in_doubt)(void* argument) = nullptr;    // called when the action may be done although its caller gets an error, or ends
    void* argument = nullptr;
};

// Sends the action and waits for its answer: a text in the caller's context, or nullptr. What the action raised is raised here.
// 55000: the recorder is not there or did not take it in pg_warrant.audit_timeout; 53400: the ring is full; 54000: it is larger than
// an entry may be; 40003: it had been taken when the wait ended, so it may have been done (warrant.action_result tells).
char* RunAction(const ActionRequest* request);

// Sends the action and does not wait for it; nobody hears its answer. Allocates and raises nothing.
Enqueued SendAction(const char* action, const char* arguments);

// Sends a part of what an action that stays will say, with its fields. It waits for room until the deadline, or a cancel. What the ring
// does not take goes to the server's log.
Enqueued SendPortion(const char* action, const char* arguments, const AuditFields* fields, int64* deadline);

}    // namespace warrant
