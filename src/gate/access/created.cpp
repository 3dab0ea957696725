#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/frame.hpp"
#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "statement/statement_record.hpp"
#include "gate/access/created.hpp"
#include "gate/access/utility_frame.hpp"

namespace warrant {

LocalTransactionId created_in = InvalidLocalTransactionId;

namespace {

struct Created {
    Oid relation;
    Oid subject;
    // In whose name it was created, which a function of somebody else may have changed.
    Oid user;
    // The grant that let the CREATE run; 0 where nothing governs that.
    int64_t grant_id;
    // Others' rows may be in it.
    bool joined;
};

// In the transaction's memory.
HTAB* created = nullptr;

struct Join {
    Oid relation;
    Oid other;
};
// A statement with more joins than these counts as one that joins all that is new.
constexpr int most_joins = 64;
Join joins[most_joins];
int join_count = 0;

HTAB* CreatedRelations() {
    if (HasCreated())
        return created;
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Created);
    control.hcxt = TopTransactionContext;
    created = hash_create("pg_warrant created", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    created_in = MyTransactionNumber();
    return created;
}

// Whether the relation is new in this transaction. A savepoint that is rolled back takes the server's mark away with the relation.
bool IsNew(Oid oid) {
    Relation relation = RelationIdGetRelation(oid);
    if (!RelationIsValid(relation))
        return false;
    bool is_new = relation->rd_createSubid != InvalidSubTransactionId;
    RelationClose(relation);
    return is_new;
}

Created* Find(Oid relation) {
    if (!HasCreated() || !IsNew(relation))
        return nullptr;
    return static_cast<Created*>(hash_search(created, &relation, HASH_FIND, nullptr));
}

bool MadeBy(const Created* made, Oid user) { return made->subject == user || made->user == user; }

// Whether the relation is new, made by the user, and was never joined to anything else.
bool IsCreated(Oid relation, Oid user) {
    const Created* member = Find(relation);
    return member != nullptr && !member->joined && MadeBy(member, user);
}

bool AreCreated(const List* family, Oid user) {
    ListCell* cell;
    foreach (cell, family)
        if (!IsCreated(lfirst_oid(cell), user))
            return false;
    return true;
}

// Whether the statement's CREATE was decided, or nothing governs it. What other code of the server makes on its way was not decided.
bool IsCreateDecided(const Frame* frame, Oid schema) {
    if (GoverningPolicy(ReadSchemaGoverningPolicies(schema), CurrentSubject(), Command::Create) == nullptr)
        return true;
    for (; frame != nullptr && frame->kind == FrameKind::Utility; frame = frame->outer) {
        const UtilityFrame* utility = static_cast<const UtilityFrame*>(frame);
        for (int i = 0; utility->decided && i < utility->needed.count; i++)
            if (utility->needed.items[i].relation == schema && utility->needed.items[i].command == Command::Create)
                return true;
    }
    return false;
}

// Whether a parent is old: a new child of a relation that is there already has its parents' family.
bool HasOldParent(const Node* utility) {
    const List* parents = IsA(utility, CreateStmt)               ? reinterpret_cast<const CreateStmt*>(utility)->inhRelations
                          : IsA(utility, CreateForeignTableStmt) ? reinterpret_cast<const CreateForeignTableStmt*>(utility)->base.inhRelations
                                                                 : NIL;
    ListCell* cell;
    foreach (cell, parents) {
        Oid parent = RangeVarGetRelid(lfirst_node(RangeVar, cell), NoLock, true);
        if (!OidIsValid(parent) || !IsCreated(parent, CurrentSubject()) || !AreCreated(FamilyOf(parent), CurrentSubject()))
            return true;
    }
    return false;
}

// Whether the command takes a relation out of the reach of policies on its schema, or on the database.
bool TakesOut(Command command) {
    const Node* utility = CurrentUtility();
    return command == Command::Alter && utility != nullptr && (IsA(utility, AlterObjectSchemaStmt) || IsA(utility, AlterExtensionContentsStmt));
}

// A relation that is not new, or was joined to one that is not, makes the others of its family joined.
void MarkJoined(const List* family) {
    if (AreCreated(family, CurrentSubject()))
        return;
    ListCell* cell;
    foreach (cell, family)
        if (Created* member = Find(lfirst_oid(cell)))
            member->joined = true;
}

void MarkAllJoined() {
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, created);
    while (Created* member = static_cast<Created*>(hash_seq_search(&status)))
        member->joined = true;
}

bool IsCreation(const Node* utility) {
    switch (nodeTag(utility)) {
        case T_CreateStmt:
        case T_CreateForeignTableStmt:
        case T_CreateTableAsStmt:
        case T_CreateSchemaStmt:
        case T_ImportForeignSchemaStmt:
        case T_ViewStmt: return true;
        default: return false;
    }
}

}    // namespace

const Frame* CreatingFrame() {
    const Frame* frame = current_frame;
    // CREATE TABLE AS creates its table when its query starts.
    if (frame != nullptr && frame->kind == FrameKind::Run && frame->query->dest->mydest == DestIntoRel)
        frame = frame->outer;
    while (frame != nullptr && frame->kind == FrameKind::Utility && !IsCreation(frame->utility))
        frame = frame->outer;
    return frame != nullptr && frame->kind == FrameKind::Utility ? frame : nullptr;
}

void NoteCreated(Oid oid, const ObjectAccessPostCreate* how) {
    const Frame* frame = CreatingFrame();
    if (how->is_internal || frame == nullptr || !GateIsPresent() || (IsExempt(CurrentSubject()) && CurrentSubject() == GetUserId()))
        return;
    Relation relation = RelationIdGetRelation(oid);
    if (!RelationIsValid(relation))
        return;
    bool noted = strchr("rpfvm", relation->rd_rel->relkind) != nullptr && relation->rd_rel->relpersistence != RELPERSISTENCE_TEMP;
    Oid schema = relation->rd_rel->relnamespace;
    RelationClose(relation);
    if (!noted || HasOldParent(frame->utility) || !IsCreateDecided(frame, schema))
        return;
    Created* made = static_cast<Created*>(hash_search(CreatedRelations(), &oid, HASH_ENTER, nullptr));
    *made = Created{oid, CurrentSubject(), GetUserId(), GrantInUse(schema, Command::Create), false};
}

void ForgetJoins() { join_count = 0; }

void NoteJoined(Oid relation, Oid other) {
    if (HasCreated() && join_count++ < most_joins)
        joins[join_count - 1] = Join{relation, other};
}

void SettleJoins() {
    int count = HasCreated() ? join_count : 0;
    for (int i = 0; i < count && count <= most_joins; i++)
        MarkJoined(list_concat(FamilyOf(joins[i].relation), FamilyOf(joins[i].other)));
    if (count > most_joins)
        MarkAllJoined();
    join_count = 0;
}

// Whether what has let the CREATE run still does. A grant that was revoked, or is over, does not. One whose uses are spent goes on in the transaction
// that spent them.
static bool IsStillCovered(const Created* made, const GoverningPolicies* policies) {
    return made->grant_id == 0 || IsGrantOpen(made->grant_id, made->subject, policies, MonotonicNow());
}

bool IsCoveredByCreation(const GoverningPolicies* policies, const Decision* decision, Command command, Oid user, Decision* covered) {
    bool wants_grant = decision->answer == Answer::Request || decision->answer == Answer::Auto ||
                       (decision->answer == Answer::Granted && (decision->cost != UseCost::Nothing || decision->max_rows > 0));
    if (!wants_grant || policies->ancestor_count == 0)
        return false;
    if (command == Command::Export || TakesOut(command))
        return false;
    const Created* made = Find(policies->ancestors[0]);
    if (made == nullptr || !MadeBy(made, user))
        return false;
    if (!AreCreated(FamilyOf(made->relation), user) || !IsStillCovered(made, policies))
        return false;
    *covered = Decision{.answer = Answer::Granted, .policy = decision->policy, .grant_id = made->grant_id};
    return true;
}

}    // namespace warrant
