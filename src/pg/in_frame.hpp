// Running something inside a frame (frame.hpp).
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"

namespace warrant {

// Who acts inside is noticed at once: what the frame calls may be a function that the server does not tell of.
inline void EnterActing(Frame* frame) {
    frame->acting = acting_count;
    current_frame = frame;
    NoteActing();
    frame->acting_inside = acting_count;
}

// Runs body inside the frame, whatever it raises; notes the SQLSTATE of what it raised.
template <class Body>
void InFrame(Frame* frame, const Body& body) {
    frame->outer = current_frame;
    frame->acting = acting_count;
    PG_TRY();
    {
        EnterActing(frame);
        body();
    }
    PG_CATCH();
    {
        current_frame = frame->outer;
        LeaveActing(frame->acting);
        if (frame->queued)
            on_queued_left(frame);
        on_frame_left(frame, true);
        PG_RE_THROW();
    }
    PG_END_TRY();
    current_frame = frame->outer;
    LeaveActing(frame->acting);
    if (frame->queued)
        on_queued_left(frame);
    if (frame->statement != nullptr)
        on_frame_left(frame, false);
}

// A subtransaction begins at this nesting level: the client's own statement began there, unless that is known already.
inline void NoteLevel(int nest_level) {
    Frame* top = OutermostFrame();
    if (top != nullptr && top->nest_level == 0)
        top->nest_level = nest_level;
}

}    // namespace warrant
