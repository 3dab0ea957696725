#include "pg/server.hpp"

#include "gate/access/plan_notes.hpp"

namespace warrant {

namespace {

void Note(PlannedStmt* plan, NoteKind kind, const List* relations) {
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
