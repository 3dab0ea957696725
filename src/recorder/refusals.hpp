// Refusals that come again. Between two changes of requests or policies the same refusal of the same subject has the same answer and the
// same rows, so the recorder writes them without asking SQL anew.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

bool IsRefusal(const EntryHeader* entry);

// Whether the entry is a refusal like one that is kept.
bool IsKeptRefusal(const EntryHeader* entry);

// Writes the rows of a kept refusal for such an entry, with its own statement, or counts it (see repeats.hpp), and fills in the reply.
void RepeatRefusal(const EntryHeader* entry, Reply* reply);

// Keeps a refusal that was executed in this batch, if its answer stays; its rows are those after a seq.
void KeepRefusal(const EntryHeader* entry, const Reply* reply, int64_t after_seq);

// Forgets the kept refusals: requests, grants or policies may have changed, or what was kept was rolled back.
void ForgetRefusals();

}    // namespace warrant
