#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/permissions.hpp"
#include "pg/room.hpp"
#include "rules/family.hpp"
#include "statement/queued.hpp"

namespace warrant {

namespace {

enum class Kind : uint8_t { KeyAction, Deferrable, Truncate, Recheck };

struct Queued {
    Kind kind;
    bool by_key;    // a foreign key's action writes: the table's owner has not called it
    bool rows;      // more than triggers for each statement
    Oid relation;
    Oid last_below;        // found below it the last time
    const Frame* frame;    // whose end fires it; deferrable: nullptr
    ActingUser acting;
};

Queued* queued = nullptr;
int queued_room = 0;

// Whether the query has the flags of a foreign key's action, which no other query has that runs under its security context.
bool IsOfKeyAction(const QueryDesc* query) {
    return query != nullptr && query->estate != nullptr && (query->estate->es_top_eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0 && InNoForceRLSOperation();
}

void Append(const Queued& item) {
    if (queued_in != MyTransactionNumber()) {
        queued_count = 0;
        rechecks_queued = false;
    }
    MakeRoom(&queued, &queued_room, queued_count, 16);
    queued[queued_count++] = item;
    queued_in = MyTransactionNumber();
}

Queued* Find(const Queued& item) {
    for (int i = 0; AnyQueued() && i < queued_count; i++)
        if (queued[i].kind == item.kind && queued[i].relation == item.relation && queued[i].frame == item.frame && queued[i].by_key == item.by_key &&
            queued[i].acting.user == item.acting.user)
            return &queued[i];
    return nullptr;
}

void Add(Kind kind, bool by_key, Oid relation, const ActingUser& acting) {
    Frame* frame = kind == Kind::Deferrable ? nullptr : current_frame;
    Queued item = {kind, by_key, false, relation, InvalidOid, frame, acting};
    if (Find(item) != nullptr)
        return;
    Append(item);
    if (frame != nullptr)
        frame->queued = true;
}

// Whether the relation has triggers that may be deferred, but for those that the server fires by itself, which look keys up, or compare.
bool MayDefer(Oid relation) {
    Relation opened = table_open(relation, NoLock);
    bool found = opened->rd_rel->relhassubclass;
    const TriggerDesc* triggers = opened->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers && !found; i++)
        found = triggers->triggers[i].tgdeferrable && triggers->triggers[i].tgfoid >= FirstNormalObjectId;
    table_close(opened, NoLock);
    return found;
}

// Whether a unique or exclusion constraint waits that computes its expressions once more when it fires.
bool RechecksExpressions(Oid relation) {
    Relation opened = table_open(relation, AccessShareLock);
    List* indexes = RelationGetIndexList(opened);
    table_close(opened, NoLock);
    bool found = false;
    ListCell* cell;
    foreach (cell, indexes) {
        HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        bool computes = !heap_attisnull(tuple, Anum_pg_index_indexprs, nullptr) || !heap_attisnull(tuple, Anum_pg_index_indpred, nullptr);
        found |= computes && !Form_pg_index(GETSTRUCT(tuple))->indimmediate;
        ReleaseSysCache(tuple);
    }
    list_free(indexes);
    return found;
}

bool IsMeant(Queued* item, Oid relation) {
    if (relation == item->relation || relation == item->last_below)
        return true;
    if (!has_subclass(item->relation) || !list_member_oid(AncestorsOf(relation), item->relation))
        return false;
    item->last_below = relation;
    return true;
}

// Whether this is a time when deferred triggers fire, outside of queries: the transaction's end, SET CONSTRAINTS, a procedure's COMMIT.
bool IsTimeOfDeferred() {
    const Frame* frame = current_frame;
    return frame == nullptr || (frame->kind == FrameKind::Utility && !IsA(frame->utility, CopyStmt));
}

bool Names(const TruncateStmt* truncate, Oid relation) {
    ListCell* cell;
    foreach (cell, truncate->relations) {
        const RangeVar* name = lfirst_node(RangeVar, cell);
        Oid named = RangeVarGetRelid(name, NoLock, true);
        if (named == relation || (name->inh && OidIsValid(named) && list_member_oid(find_all_inheritors(named, NoLock, nullptr), relation)))
            return true;
    }
    return false;
}

bool Fires(Queued* item, const TriggerData* trigger) {
    Oid relation = RelationGetRelid(trigger->tg_relation);
    const Frame* frame = current_frame;
    switch (item->kind) {
        case Kind::Truncate:
            return frame == item->frame && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && IsA(frame->utility, TruncateStmt) &&
                   !Names(reinterpret_cast<const TruncateStmt*>(frame->utility), relation);
        case Kind::KeyAction:
            return frame == item->frame && TRIGGER_FIRED_AFTER(trigger->tg_event) && (item->rows || TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event)) &&
                   IsMeant(item, relation);
        case Kind::Deferrable: return trigger->tg_trigger->tgdeferrable && IsTimeOfDeferred() && IsMeant(item, relation);
        case Kind::Recheck: return false;
    }
    return true;
}

ActingUser OwnerOf(const TriggerData* trigger, const char* operation) {
    ActingUser owner = {};
    owner.user = trigger->tg_relation->rd_rel->relowner;
    owner.by_server = true;
    owner.operation = operation;
    return owner;
}

constexpr char key_action[] = "a foreign key's action";

// Notes constraints that compute their expressions once more at the end of the query, or later. The server's own trigger calls them: nothing tells
// which one fires.
void NoteRechecks(Oid relation, const ActingUser& acting) {
    if (!RechecksExpressions(relation))
        return;
    Add(Kind::Recheck, false, relation, acting);
    Queued later = {Kind::Recheck, false, false, relation, InvalidOid, nullptr, acting};
    if (Find(later) == nullptr)
        Append(later);
    rechecks_queued = true;
}

}    // namespace

pg_noinline void NoteKeyActionStarts(const QueryDesc* query) {
    bool reads = query->operation == CMD_SELECT && !query->plannedstmt->hasModifyingCTE;
    if (reads || !InNoForceRLSOperation())
        return;
    int count = ActingNow();
    if (count == 0)
        return;
    ForEachPermission(PermissionsOf(query->plannedstmt), [count](const Permission& permission) {
        if (Writes(permission))
            Add(Kind::KeyAction, true, permission.relation, acting_users[count - 1]);
    });
    ForEachWritten(query->plannedstmt, [count](Oid relation) { NoteRechecks(relation, acting_users[count - 1]); });
}

// Only the plan that the server has written says how many rows there were, not what a rule has put in its place.
void NoteKeyActionEnds(const QueryDesc* query) {
    const PlannedStmt* plan = query->plannedstmt;
    if (!AnyQueued() || (plan->canSetTag && !plan->hasModifyingCTE && query->estate->es_processed == 0))
        return;
    ForEachPermission(PermissionsOf(plan), [](const Permission& permission) {
        for (int i = 0; i < queued_count; i++)
            queued[i].rows |= queued[i].kind == Kind::KeyAction && queued[i].frame == current_frame && queued[i].relation == permission.relation;
    });
}

void NoteDeferrable(List* permissions, bool by_key) {
    int count = ActingNow();
    if (count == 0)
        return;
    ForEachPermission(permissions, [count, by_key](const Permission& permission) {
        if (permission.relation < FirstNormalObjectId || !Writes(permission))
            return;
        bool defers = MayDefer(permission.relation);
        for (int i = 0; i < count; i++) {
            if (!IsLive(acting_users[i]) || acting_users[i].passes)
                continue;
            if (defers)
                Add(Kind::Deferrable, by_key, permission.relation, acting_users[i]);
            NoteRechecks(permission.relation, acting_users[i]);
        }
    });
}

void NoteCalled() {
    for (int i = 0; i < queued_count; i++)
        if (queued[i].kind == Kind::Recheck && (queued[i].frame == nullptr ? IsTimeOfDeferred() : queued[i].frame == current_frame))
            EnterFired(queued[i].acting);
}

void NoteTruncate() { Add(Kind::Truncate, false, InvalidOid, ActingUser{}); }

void NoteFired(const TriggerData* trigger) {
    const Frame* frame = current_frame;
    if (frame != nullptr && frame->kind == FrameKind::Run && IsOfKeyAction(frame->query))
        EnterFired(OwnerOf(trigger, key_action));
    for (int i = 0; i < queued_count; i++) {
        if (!Fires(&queued[i], trigger))
            continue;
        if (queued[i].kind == Kind::Truncate)
            EnterFired(OwnerOf(trigger, "TRUNCATE"));
        else
            EnterFired(queued[i].acting);
        if (queued[i].by_key)
            EnterFired(OwnerOf(trigger, key_action));
    }
}

static void ForgetQueued(const Frame* frame) {
    int kept = 0;
    for (int i = 0; i < queued_count; i++)
        if (queued[i].frame != frame)
            queued[kept++] = queued[i];
    queued_count = kept;
}

void InstallQueued() { on_queued_left = ForgetQueued; }

}    // namespace warrant
