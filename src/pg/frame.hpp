// What this backend is running, innermost first: one frame for each ExecutorRun, ExecutorFinish, utility statement and planning that is
// under way. The outermost tells the client's own statement from what runs inside it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

struct StatementRecord;

enum class FrameKind : uint8_t { Run, Utility, Planning };

// Where a statement stands in the text that was sent.
struct Source {
    const char* text;
    int location;    // of the statement in the text, -1 when unknown
    int length;      // of the statement; 0: to the text's end
};

inline Source SourceOf(const QueryDesc* query) { return Source{query->sourceText, query->plannedstmt->stmt_location, query->plannedstmt->stmt_len}; }

struct Frame {
    FrameKind kind;
    int nest_level = 0;    // of the transaction in which the frame began; 0: in the current one
    Frame* outer = nullptr;
    QueryDesc* query = nullptr;              // of a Run frame
    const Node* utility = nullptr;           // of a Utility frame
    Source source = {};                      // of a frame of any other kind
    ParamListInfo params = nullptr;          // of a Planning frame: the values that are known
    StatementRecord* statement = nullptr;    // the record of a utility statement or a planning; a query's is found by its QueryDesc
    Portal resumed = nullptr;                // of FETCH and MOVE: the cursor
    int concealed = 0;                       // which errors of a utility statement are kept from the client
    uint64_t query_id = 0;                   // of a Utility or Planning frame's statement, as the server computes it
    int acting = 0;                          // how many users acted (acting.hpp) when the frame began
    int acting_inside = 0;                   // how many act inside the frame, as far as that was known when it began
    bool queued = false;                     // triggers fire at the frame's end in somebody else's name (queued.hpp)
};

inline Source SourceOf(const Frame* frame) { return frame->query != nullptr ? SourceOf(frame->query) : frame->source; }

// How many act beside the session (acting.hpp).
inline int acting_count = 0;

// Forgets the acting users that came to the stack since it had this count.
inline void LeaveActing(int count) {
    if (acting_count > count)
        acting_count = count;
}

inline Frame* current_frame = nullptr;    // the innermost; lives on the C stack; nullptr between top-level statements

// The frame of the client's own statement; nullptr between two statements.
inline Frame* OutermostFrame() {
    Frame* frame = current_frame;
    while (frame != nullptr && frame->outer != nullptr)
        frame = frame->outer;
    return frame;
}

// The utility statement around what starts or is planned now; nullptr when there is none, or a query in between.
inline const Node* CurrentUtility() { return current_frame == nullptr ? nullptr : current_frame->utility; }

// What ends with a frame, set by the gate: its statement record, and the SQLSTATE of its failure.
inline void (*on_frame_left)(Frame*, bool failed);

// The notes of triggers that a frame's end has fired go with the frame.
inline void (*on_queued_left)(const Frame*);

}    // namespace warrant
