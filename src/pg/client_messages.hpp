// What is reported on its way to the client while work goes on, below an error: notices, warnings. A statement can turn them on for itself by
// set_config, so client_min_messages keeps none from it. INFO is told: the server uses it for no value, and functions for what
// their author chose to say.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct MessageListener {
    ErrorContextCallback callback;
    MemoryContext memory;
    void (*instead)(void*);    // raises an error in the place of the message
    void* argument;
};

// Called where a message collects its context, inside first, just before it is sent. Errors, and what is for the server's log alone, go on.
void OnMessage(void* listener);

// Calls work. What it reports to the client raises an error instead, by instead(argument).
template <class Work>
inline void WithoutMessages(void (*instead)(void*), void* argument, const Work& work) {
    MessageListener listener = {{error_context_stack, OnMessage, &listener}, CurrentMemoryContext, instead, argument};
    error_context_stack = &listener.callback;
    work();
    error_context_stack = listener.callback.previous;
}

}    // namespace warrant
