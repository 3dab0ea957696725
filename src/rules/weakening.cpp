#include "pg/server.hpp"

#include "pg/oid_table.hpp"
#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/family_states.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/labels.hpp"
#include "rules/members.hpp"
#include "rules/policies.hpp"
#include "rules/policy.hpp"
#include "rules/somebody.hpp"
#include "rules/weakening.hpp"

namespace warrant {

namespace {

// A change of a relation's label: the policies that it has by the label after it. Those of before are on a label.
struct LabelChange {
    Oid relation;
    PolicyList after;
};

// A change of a policy, or of a label, with the relations for which it was compared, and the policies of each relation by itself.
struct ChangeCheck {
    const PolicyChange change;
    const LabelChange* label;    // or nullptr
    MemberReader members;
    List* targets;     // of the policy, where it is on a relation or on a label
    HTAB* families;    // Oid: a relation whose family was compared
};

// --- where ---

const Policy* OnlyOne(const PolicyChange& change) {
    return change.before == nullptr ? change.after : change.after == nullptr ? change.before : nullptr;
}

bool HasLabel(Oid relation, const char* label) {
    const char* has = OidIsValid(relation) ? LabelOf(relation, Rows::OfTransaction) : nullptr;
    return has != nullptr && strcmp(has, label) == 0;
}

bool IsOn(const Policy* policy, Oid relation, Oid schema) {
    if (policy == nullptr)
        return false;
    switch (policy->target_kind) {
        case TargetKind::Table: return policy->target == relation;
        case TargetKind::Label: return HasLabel(relation, policy->label);
        case TargetKind::Schema: return policy->target == schema && (!OidIsValid(relation) || !CoveredByTableOnly(relation, schema));
        default: return !OidIsValid(relation) || !CoveredByTableOnly(relation, schema);
    }
}

bool IsSameList(const PolicyList* a, const PolicyList* b) {
    bool same = a->count == b->count;
    for (int i = 0; i < a->count && same; i++)
        same = a->items[i]->id == b->items[i]->id;
    return same;
}

// Adds a member to the family's states: its policies with the changed one as it was, and as it becomes.
void AddStates(FamilyStates* family, const PolicyList* policies, const PolicyChange& change, bool was_on, bool is_on) {
    Member before = {}, after = {};
    for (int i = 0; i < policies->count; i++) {
        Policy* policy = policies->items[i];
        if ((change.before != nullptr && policy->id == change.before->id) || (change.after != nullptr && policy->id == change.after->id))
            continue;
        AppendNew(&before.policies, policy);
        AppendNew(&after.policies, policy);
    }
    if (was_on)
        AppendNew(&before.policies, change.before);
    if (is_on)
        AppendNew(&after.policies, change.after);
    bool alone = policies->count > 0 && policies->items[0]->target_kind == TargetKind::Table;    // a policy on a table is no other member's
    for (int i = 0; i < family->count && !alone; i++)
        if (IsSameList(&family->before[i].policies, &before.policies) && IsSameList(&family->after[i].policies, &after.policies))
            return;
    AddState(family, before, after, was_on || is_on);
}

// The same for a change of a label.
void AddStates(FamilyStates* family, const Member* member, const LabelChange* change) {
    Member before = {}, after = {};
    bool changes = member->relation == change->relation;
    for (int i = 0; i < member->policies.count; i++) {
        AppendNew(&before.policies, member->policies.items[i]);
        if (!changes || member->policies.items[i]->target_kind != TargetKind::Label)
            AppendNew(&after.policies, member->policies.items[i]);
    }
    for (int i = 0; i < change->after.count && changes; i++)
        AppendNew(&after.policies, change->after.items[i]);
    AddState(family, before, after, changes);
}

// Whether the change loosens something for these relations, which govern together.
bool LoosensFor(ChangeCheck* check, const List* relations) {
    const PolicyChange& change = check->change;
    Members members = ReadMembers(&check->members, relations, check->targets);
    FamilyStates family = NewFamilyStates(members.count);
    for (int i = 0; i < members.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Member* member = &members.items[i];
        if (check->label != nullptr)
            AddStates(&family, member, check->label);
        else
            AddStates(&family, &member->policies, change, IsOn(change.before, member->relation, member->schema),
                      IsOn(change.after, member->relation, member->schema));
    }
    return LoosensFamily(&family, OnlyOne(change));
}

// Whether the change loosens what is created in the schema, or, with InvalidOid, in one without policies.
bool LoosensForSchema(Oid schema, const PolicyChange& change) {
    PolicyList policies = {};
    ReadSchemaPolicies(&policies, schema, Rows::OfTransaction);
    FamilyStates family = NewFamilyStates(1);
    AddStates(&family, &policies, change, IsOn(change.before, InvalidOid, schema), IsOn(change.after, InvalidOid, schema));
    return LoosensFamily(&family, OnlyOne(change));
}

// Looks at each relative as well. A policy that wins now where another won can answer for relatives whose own winner it is not. Or it leaves them to
// a policy that the other one was stricter than.
bool LoosensForRelatives(ChangeCheck* check, Oid relation) {
    List* relatives = FamilyOf(relation);
    ListCell* cell;
    if (list_length(relatives) == 1)
        return false;
    foreach (cell, relatives) {
        bool found;
        (void)EnterOid<Oid>(check->families, lfirst_oid(cell), &found);
        if (!found && LoosensFor(check, FamilyOf(lfirst_oid(cell))))
            return true;
    }
    return false;
}

bool LoosensForRelation(ChangeCheck* check, Oid relation) {
    return get_rel_relkind(relation) != '\0' && (LoosensFor(check, list_make1_oid(relation)) || LoosensForRelatives(check, relation));
}

// Relations whose parent is in another schema: there policies of two schemas meet. *relatives are all that have a parent or a child.
List* FindStraddling(HTAB* relatives) {
    List* relations = NIL;
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(inherits, InvalidOid, false, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_inherits row = Form_pg_inherits(GETSTRUCT(tuple));
        (void)hash_search(relatives, &row->inhrelid, HASH_ENTER, nullptr);
        (void)hash_search(relatives, &row->inhparent, HASH_ENTER, nullptr);
        if (get_rel_namespace(row->inhrelid) != get_rel_namespace(row->inhparent))
            relations = lappend_oid(relations, row->inhrelid);
    }
    systable_endscan(scan);
    table_close(inherits, AccessShareLock);
    return relations;
}

// The relations that policies on labels are on; with several policies some of them several times.
List* FindLabelled(const PolicyList* all) {
    PolicyList on_labels = {};
    for (int i = 0; i < all->count; i++)
        if (all->items[i]->target_kind == TargetKind::Label)
            AppendNew(&on_labels, all->items[i]);
    List* relations = NIL;
    ListCell* cell;
    foreach (cell, on_labels.count > 0 ? LabelledRelations(nullptr, Rows::OfTransaction) : NIL) {
        const LabelledRelation* labelled = static_cast<LabelledRelation*>(lfirst(cell));
        PolicyList own = {};
        AppendOfLabel(&own, &on_labels, labelled->label);
        if (own.count > 0)
            relations = lappend_oid(relations, labelled->relation);
    }
    return relations;
}

// Looks, for a change on a schema or the database, at what is created there, at each relation there that has policies of its own, and at relatives.
bool LoosensForMany(ChangeCheck* check) {
    const Policy* one = check->change.before != nullptr ? check->change.before : check->change.after;
    PolicyList all = {};
    RequirePolicySentinel();
    Oid* targets = ReadTargets(&all, About::Anything, Rows::OfTransaction);
    HTAB* relatives = NewOidTable("pg_warrant weakening", sizeof(Oid));
    List *schemas = list_make1_oid(one->target_kind == TargetKind::Schema ? one->target : InvalidOid), *relations = NIL;
    List* own = FindLabelled(&all);
    List* related = FindStraddling(relatives);
    for (int i = 0; i < all.count; i++) {
        if (all.items[i]->target_kind == TargetKind::Schema && one->target_kind == TargetKind::Database)
            schemas = list_append_unique_oid(schemas, targets[i]);
        if (all.items[i]->target_kind == TargetKind::Table && OidIsValid(targets[i]))
            own = lappend_oid(own, targets[i]);
    }
    ListCell* cell;
    foreach (cell, own) {
        Oid relation = lfirst_oid(cell);
        if (IsOn(one, relation, get_rel_namespace(relation)))
            relations = lappend_oid(relations, relation);
        if (hash_search(relatives, &relation, HASH_FIND, nullptr) != nullptr)
            related = lappend_oid(related, relation);
    }
    list_sort(relations, list_oid_cmp);
    list_deduplicate_oid(relations);
    foreach (cell, schemas)
        if (LoosensForSchema(lfirst_oid(cell), check->change))
            return true;
    foreach (cell, relations)
        if (LoosensFor(check, list_make1_oid(lfirst_oid(cell))))
            return true;
    foreach (cell, related)
        if (LoosensForRelatives(check, lfirst_oid(cell)))
            return true;
    return false;
}

// --- ADMIN, for which all policies count ---

bool NamesAdmin(const Policy* policy) {
    return policy != nullptr && policy->target_kind == TargetKind::Database && (policy->commands & MaskOf(Command::Admin)) != 0;
}

// Whether the policy answers for ADMIN rather than a younger one that does not name it, whoever asks.
bool ComesBefore(const Policy* policy, const Policy* younger) {
    bool by_effect = policy->effect == Effect::Approve || (policy->effect == Effect::Deny && younger->effect == Effect::Deny);
    return by_effect && !policy->monitor && policy->for_count == 0 && policy->except_count == 0 && policy->id != younger->id &&
           policy->min_approvals >= younger->min_approvals;
}

// The cheap way to know that a new policy does not answer for ADMIN: an older one comes before it.
bool StaysOffAdmin(const PolicyChange& change) {
    const Policy* after = change.after;
    return change.before == nullptr && !NamesAdmin(after) && (after->effect == Effect::Open || AnyPolicyOfTransaction(ComesBefore, after));
}

bool LoosensForAdmin(const PolicyChange& change) {
    if (StaysOffAdmin(change))
        return false;
    Member all = {};
    ReadAllPolicies(&all.policies, Rows::OfTransaction);
    FamilyStates family = NewFamilyStates(1);
    AddStates(&family, &all.policies, change, change.before != nullptr, change.after != nullptr);
    return LoosensCommand(&family, Command::Admin, OnlyOne(change));
}

// --- by itself ---

bool OpensByItself(const Policy* before, const Policy* after) {
    bool was_open = before != nullptr && before->effect == Effect::Open, is_open = after == nullptr || after->effect == Effect::Open;
    bool opens = is_open && !was_open;
    return opens || HasLaxerColumn(by_itself, before, after);
}

List* TargetsOf(const PolicyChange& change) {
    List* targets = NIL;
    const Policy* states[] = {change.before, change.after};
    for (const Policy* policy : states) {
        if (policy != nullptr && policy->target_kind == TargetKind::Table)
            targets = list_append_unique_oid(targets, policy->target);
        ListCell* cell;
        foreach (cell, policy != nullptr && policy->target_kind == TargetKind::Label ? LabelledRelations(policy->label, Rows::OfTransaction) : NIL)
            targets = list_append_unique_oid(targets, static_cast<LabelledRelation*>(lfirst(cell))->relation);
    }
    return targets;
}

ChangeCheck NewCheck(const PolicyChange& change, const LabelChange* label, List* targets) {
    return ChangeCheck{change, label, NewMemberReader(Rows::OfTransaction), targets, NewOidTable("pg_warrant weakening", sizeof(Oid))};
}

bool LoosensSomewhere(const PolicyChange& change) {
    constexpr int most_labelled = 1000;    // relations; of more it is not told
    ChangeCheck check = NewCheck(change, nullptr, TargetsOf(change));
    const Policy* one = change.before != nullptr ? change.before : change.after;
    if (one->target_kind != TargetKind::Table && one->target_kind != TargetKind::Label)
        return LoosensForMany(&check);
    bool loosens = list_length(check.targets) > most_labelled;
    for (int i = 0; i < list_length(check.targets) && !loosens; i++)
        loosens = LoosensForRelation(&check, list_nth_oid(check.targets, i));
    return loosens;
}

bool HasEffect(const PolicyList* list, bool open) {
    for (int i = 0; i < list->count; i++)
        if ((list->items[i]->effect == Effect::Open) == open)
            return true;
    return false;
}

// Taking the label from a relation is the end of a policy on it, and giving it one is a new policy.
bool LoosensByLabel(Oid relation, const char* before, const char* after) {
    PolicyList on_labels = {}, ends = {};
    LabelChange label = {relation, {}};
    ReadLabelPolicies(&on_labels, Rows::OfTransaction);
    AppendOfLabel(&ends, &on_labels, before);
    AppendOfLabel(&label.after, &on_labels, after);
    if (HasEffect(&ends, false) || HasEffect(&label.after, true))
        return true;
    ChangeCheck check = NewCheck(PolicyChange{nullptr, nullptr}, &label, list_make1_oid(relation));
    return LoosensForRelation(&check, relation);
}

bool Loosens(const PolicyChange& change) {
    return OpensByItself(change.before, change.after) ||
           (FindInstallation() != nullptr &&    // in the transaction of CREATE EXTENSION nothing is decided yet
            (LoosensSomewhere(change) || LoosensForAdmin(change)));
}

}    // namespace

// Policies change in one transaction after the other: whether one weakens depends on all that are there. No statement of a client takes this lock.
void AwaitOthers() {
    const Installation* own = FindInstallation();
    if (own != nullptr)
        LockDatabaseObject(RelationRelationId, own->policies, 1, AccessExclusiveLock);
}

// Asks in a memory context of its own.
template <class Test>
static bool Ask(Test test) {
    AwaitOthers();
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_warrant weakening", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    bool weakens = test();
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    return weakens;
}

bool Weakens(const PolicyChange& change) {
    return Ask([&change] { return Loosens(change); });
}

bool WeakensByLabel(Oid relation, const char* before, const char* after) {
    return Ask([=] { return FindInstallation() != nullptr && LoosensByLabel(relation, before, after); });
}

}    // namespace warrant
