// The courier's own library, pg_warrant_courier: its two entries, and what it asks of the preloaded one.
//
// It alone links libcurl, and is loaded by the courier's processes alone, so that a server without libcurl starts, gates and approves. Neither
// library is linked with the other, and what both are made of holds no shared state. So the shared memory, which the preloaded one alone knows, is
// reached by pointers that it hands over. No functions of the script serve for that: the script of the release before lacks them, and they are gone
// while the extension is dropped.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct CourierHost {
    // Another process has the courier's place, or a command needs the database to itself.
    bool (*must_leave)();
    // The courier has come to its first claim, and did not fail to start.
    void (*has_begun)();
    // Hands an answer, a JSON object, to the recorder; false when it cannot take it now. Raises nothing.
    bool (*hand_over)(const char* answer);
    // Whether commits up to this position are as safe as the configuration asks for; and the position of those that can be seen now.
    bool (*is_replicated)(XLogRecPtr position);
    XLogRecPtr (*seen_until)();
    // Where the script that is installed has the functions that no user calls.
    const char* (*internal_schema)();
    // What is_over and at_begin of in_transaction.hpp are in the preloaded library.
    bool (*is_dropped)();
    void (*hold_extension)();
};

}    // namespace warrant

extern "C" {
// The version that the library was built as. The preloaded one asks before anything else: a file on the disk may be younger than a running server.
PGDLLEXPORT const char* warrant_courier_version(void);

// Delivers, in a worker that is connected to its database and has the courier's place. Ends the process.
[[noreturn]] PGDLLEXPORT void warrant_deliver(const warrant::CourierHost* host);
}
