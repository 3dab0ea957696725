#include "pg/server.hpp"

#include "pg/client_messages.hpp"

namespace warrant {

void OnMessage(void* argument) {
    const MessageListener* listener = static_cast<const MessageListener*>(argument);
    MemoryContext reporting = MemoryContextSwitchTo(listener->memory);
    ErrorData* message = CopyErrorData();
    bool told = message->elevel < ERROR && message->elevel != INFO && message->output_to_client;
    FreeErrorData(message);
    if (told) {
        error_context_stack = listener->callback.previous;
        FlushErrorState();
        listener->instead(listener->argument);
    }
    MemoryContextSwitchTo(reporting);
}

}    // namespace warrant
