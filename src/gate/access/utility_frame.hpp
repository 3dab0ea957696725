// The frame of a utility statement, with what was decided for it.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "gate/access/access.hpp"

namespace warrant {

// The frame of a utility statement.
struct UtilityFrame : Frame {
    AccessList needed;    // that it was let run with
    List* names;          // where they led then (held_names.hpp)
    CommandId began;      // the server's count, when it was
    List* unable;         // relations that the caller has nothing to give away of (utility_grant.cpp)
    bool decided;
};

// The frame of the statement that creates relations now; nullptr when none does.
const Frame* CreatingFrame();

}    // namespace warrant
