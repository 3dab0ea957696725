// Running something inside a frame (frame.hpp).
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"

namespace warrant {

// Who acts inside is noticed at once: what the frame calls may be a function that the server does not tell of.
inline void EnterFrame(Frame* frame) {
    current_frame = frame;
    NoteActing();
    frame->acting_inside = acting_count;
}

inline void LeaveFrame(Frame* frame) {
    current_frame = frame->outer;
    LeaveActing(frame->acting);
    if (frame->queued)
        on_queued_left(frame);
}

// Leaves the frame because of the error that was caught, and raises that again. Notes its SQLSTATE.
[[noreturn]] inline void FailFrame(Frame* frame) {
    LeaveFrame(frame);
    on_frame_left(frame, true);
    PG_RE_THROW();
}

inline void EndFrame(Frame* frame) {
    LeaveFrame(frame);
    if (frame->statement != nullptr)
        on_frame_left(frame, false);
}

// Runs body inside the frame, whatever it raises.
template <class Body>
void InFrame(Frame* frame, const Body& body) {
    frame->outer = current_frame;
    frame->acting = acting_count;
    PG_TRY();
    {
        EnterFrame(frame);
        body();
    }
    PG_CATCH();
    { FailFrame(frame); }
    PG_END_TRY();
    EndFrame(frame);
}

// A subtransaction begins at this nesting level: the client's own statement began there, unless that is known already.
inline void NoteLevel(int nest_level) {
    Frame* top = OutermostFrame();
    if (top != nullptr && top->nest_level == 0)
        top->nest_level = nest_level;
}

}    // namespace warrant
