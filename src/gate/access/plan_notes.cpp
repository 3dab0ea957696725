#include "pg/server.hpp"

#include "gate/access/plan_notes.hpp"

namespace warrant {

namespace {

// What a note says of its relation. The numbers are those of no system cache: the plan cache compares them with those whose entries have changed, and
// passes over them.
enum Kind : int { implied_read = -4711, shown_read = -4712, narrow_update = -4713, narrow_delete = -4714 };

void Note(PlannedStmt* plan, Kind kind, const List* relations) {
    ListCell* cell;
    foreach (cell, relations) {
        PlanInvalItem* note = makeNode(PlanInvalItem);
        note->cacheId = kind;
        note->hashValue = lfirst_oid(cell);
        plan->invalItems = lappend(plan->invalItems, note);
    }
}

}    // namespace

PlanNotes NotesOf(Query* query) { return PlanNotes{FindImpliedReads(query), FindNarrowWrites(query)}; }

void Note(PlannedStmt* plan, const PlanNotes& notes) {
    Note(plan, implied_read, notes.reads.implied);
    Note(plan, shown_read, notes.reads.shown);
    Note(plan, narrow_update, notes.writes.updates);
    Note(plan, narrow_delete, notes.writes.deletes);
}

PlanNotes NotedWith(const PlannedStmt* plan) {
    PlanNotes notes = {};
    ListCell* cell;
    foreach (cell, plan->invalItems) {
        const PlanInvalItem* note = lfirst_node(PlanInvalItem, cell);
        List** noted;
        switch (int(note->cacheId)) {
            case implied_read: noted = &notes.reads.implied; break;
            case shown_read: noted = &notes.reads.shown; break;
            case narrow_update: noted = &notes.writes.updates; break;
            case narrow_delete: noted = &notes.writes.deletes; break;
            default: continue;
        }
        *noted = lappend_oid(*noted, note->hashValue);
    }
    return notes;
}

}    // namespace warrant
