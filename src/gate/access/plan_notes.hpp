// What only the analysed query shows, and its plan takes along.
#pragma once

#include "pg/server.hpp"

#include "gate/access/implied_reads.hpp"
#include "gate/access/mass_writes.hpp"

namespace warrant {

// What a note says. The numbers are those of no system cache: the plan cache compares them with those whose entries have changed, and passes over
// them. Those of what an exact grant serves are identity.hpp's.
enum NoteKind : int {
    implied_read = -4711,
    shown_read = -4712,
    narrow_update = -4713,
    narrow_delete = -4714,
    served_objects = -4715,
    served_generation = -4716
};

struct PlanNotes {
    ImpliedReads reads;
    NarrowWrites writes;
};

// Of an analysed query, before it is planned. In the current memory context.
PlanNotes NotesOf(Query* query);

// Keeps the notes with the plan, so that a cached plan has them when it starts; copies of the plan keep them, too.
void Note(PlannedStmt* plan, const PlanNotes& notes);

// Those kept with a plan. There are none with one that was not made under the gate: its reads need SELECT, and its writes are of all rows. In the
// current memory context.
PlanNotes NotedWith(const PlannedStmt* plan);

}    // namespace warrant
