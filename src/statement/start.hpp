// The query that was started last: its first run follows its start, and asks nothing more.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

struct Start {
    QueryDesc* query;                  // nullptr: its first run must ask
    TimestampTz message;               // when the client's message came that started it; 0: whoever started it runs it at once
    LocalTransactionId transaction;    // an error may leave one of an earlier transaction
};
inline Start last_start;

// The query has been decided on and started. A portal gets its receiver when it runs; a caller that brings one to the start runs it at once.
inline void NoteStart(QueryDesc* query) {
    bool at_once = query->dest->mydest != DestNone;
    last_start.query = at_once || current_frame == nullptr ? query : nullptr;
    last_start.message = at_once ? 0 : GetCurrentStatementStartTimestamp();
    last_start.transaction = MyTransactionNumber();
}

// Whether this run follows the start that was noted last, with nothing in between. The client's own portal runs in the message that started it,
// or in the next one, a round trip later: what was decided on a moment ago has begun. To ask again would take a statement of no policy 280 of
// 44,700 instructions more. Forgets the start.
inline bool IsFirstRun(const QueryDesc* query) {
    constexpr uint64 one_round_trip_us = 1000;
    bool first = last_start.query == query && last_start.transaction == MyTransactionNumber() &&
                 (last_start.message == 0 || uint64(GetCurrentStatementStartTimestamp() - last_start.message) <= one_round_trip_us);
    last_start.query = nullptr;
    return first;
}

// Forgets the query as the one started last, because it has ended or failed.
inline void ForgetStart(const QueryDesc* query) {
    if (last_start.query == query)
        last_start.query = nullptr;
}
inline void ForgetStarts() { last_start.query = nullptr; }

// The client's own query that is being started; nullptr when something runs, which has a frame, and in a fast-path call.
inline QueryDesc* StartingQuery() {
    bool starting = current_frame == nullptr && ActivePortal != nullptr && last_start.transaction == MyTransactionNumber();
    return starting ? last_start.query : nullptr;
}

}    // namespace warrant
