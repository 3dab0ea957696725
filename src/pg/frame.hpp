// What this backend is running, innermost first: one frame for each ExecutorRun, ExecutorFinish, utility statement and planning that is
// under way. The outermost tells the client's own statement from what runs inside it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct Statement;
struct AccessList;

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
    bool caught;               // what is raised inside is caught and raised again
    int nest_level;            // of the transaction it began in, when it is not
    const AccessList* decided = nullptr;    // the accesses that a utility statement was let run with
};

inline Frame* current_frame = nullptr;    // lives on the C stack; nullptr between top-level statements

// What ends with a frame, set by the gate: its ledger, and the SQLSTATE of its failure.
inline void (*on_frame_left)(Frame*, bool failed);

// Frames that nothing catches stand here, because what unwinds them cannot read the stack that an error has left.
constexpr int most_uncaught = 64;
inline Frame uncaught_frames[most_uncaught];
inline int uncaught_count = 0;

// Runs body inside the frame, whatever it raises; notes the SQLSTATE of what it raised.
template <class Body>
void InFrame(Frame* frame, const Body& body) {
    int uncaught_before = uncaught_count;
    frame->outer = current_frame;
    frame->caught = true;
    current_frame = frame;
    PG_TRY();
    {
        body();
    }
    PG_CATCH();
    {
        current_frame = frame->outer;
        uncaught_count = uncaught_before;
        on_frame_left(frame, true);
        PG_RE_THROW();
    }
    PG_END_TRY();
    current_frame = frame->outer;
    if (frame->statement != nullptr)
        on_frame_left(frame, false);
}

// The same for a query whose statement has no ledger, without the price of catching: an error ends the subtransaction that the query
// began in, and UnwindFrames then takes the frame away.
template <class Body>
void InUncaughtFrame(Frame* frame, const Body& body) {
    if (unlikely(uncaught_count == most_uncaught)) {
        InFrame(frame, body);
        return;
    }
    frame->outer = current_frame;
    frame->caught = false;
    frame->nest_level = GetCurrentTransactionNestLevel();
    Frame* kept = &uncaught_frames[uncaught_count++];
    *kept = *frame;
    current_frame = kept;
    body();
    current_frame = frame->outer;
    uncaught_count--;
}

// A (sub)transaction of this nesting level aborts: uncaught frames that began in it are gone.
inline void UnwindFrames(int nest_level) {
    while (current_frame != nullptr && !current_frame->caught && current_frame->nest_level >= nest_level) {
        current_frame = current_frame->outer;
        uncaught_count--;
    }
}

}    // namespace warrant
