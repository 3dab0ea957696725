// What this backend is running, innermost first: one frame for each ExecutorRun, ExecutorFinish, utility statement and planning that is
// under way. The outermost tells the client's own statement from what runs inside it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct Statement;

enum class FrameKind : uint8_t { Run, Utility, Planning };

struct Frame {
    FrameKind kind;
    Frame* outer;
    QueryDesc* query;          // of a Run frame
    const Node* utility;       // of a Utility frame
    const char* source;
    int location;              // of the statement in the source, -1 when unknown
    int length;                // 0: to the end
    Statement* statement;      // the ledger of a utility statement or a planning; a query's is found by its QueryDesc
};

inline Frame* current_frame = nullptr;    // lives on the C stack; nullptr between top-level statements

// What ends with a frame, set by the gate: its ledger, and the SQLSTATE of its failure.
inline void (*on_frame_left)(Frame*, bool failed);

// Runs body inside the frame, whatever it raises; notes the SQLSTATE of what it raised.
template <class Body>
void InFrame(Frame* frame, const Body& body) {
    frame->outer = current_frame;
    current_frame = frame;
    PG_TRY();
    {
        body();
    }
    PG_CATCH();
    {
        current_frame = frame->outer;
        on_frame_left(frame, true);
        PG_RE_THROW();
    }
    PG_END_TRY();
    current_frame = frame->outer;
    if (frame->statement != nullptr)
        on_frame_left(frame, false);
}

}    // namespace warrant
