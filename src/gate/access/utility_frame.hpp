// The frame of a utility statement, with what was decided for it.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "gate/access/access.hpp"

namespace warrant {

// The frame of a utility statement.
struct UtilityFrame : Frame {
    bool decided;
    // The accesses that it was let run with.
    AccessList needed;
    // Names, and where they led when it was decided (held_names.hpp).
    List* names;
    // The number of the server's command when it was decided: what it writes has this number, or a later one.
    CommandId began;
    // The relations that the caller can grant nothing on (utility_grant.cpp).
    List* unable;
};

// The frame of the statement that creates relations now; nullptr when none does.
const Frame* CreatingFrame();

}    // namespace warrant
