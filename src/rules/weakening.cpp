#include "pg/server.hpp"

#include "pg/oid_table.hpp"
#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/members.hpp"
#include "rules/policies.hpp"
#include "rules/policy.hpp"
#include "rules/somebody.hpp"
#include "rules/weakening.hpp"

namespace warrant {

namespace {

// A change of a policy, with the relations for which it was compared, and the policies of each relation by itself.
struct ChangeCheck {
    const PolicyChange change;
    MemberReader members;
    List* targets;     // of the policy, where it is on a relation
    HTAB* families;    // Oid: a relation whose family was compared
};

// The policies of a family before and after the change. before[i] and after[i] are those of one member, or of several members that have equal ones.
struct FamilyStates {
    int count;
    Member* before;
    Member* after;
    bool differ;
};

Passage PassageOf(const Policy* policy) {
    if (policy == nullptr || policy->effect == Effect::Open)
        return everything_passes;
    if (policy->monitor)
        return everything_passes_watched;
    return policy->effect == Effect::Approve ? approved_passes : nothing_passes;
}

// Whether an access that the policy before governs is answered laxer by the policy after; nullptr is no policy.
bool IsLaxer(const Policy* before, const Policy* after) {
    Passage was = PassageOf(before), is = PassageOf(after);
    if (was != is)
        return is > was || (is != nothing_passes && HasLaxerColumn(between_passages, before, after));
    return HasLaxerColumn(Where(1 << is), before, after);
}

// --- where ---

const Policy* OnlyOne(const PolicyChange& change) {
    return change.before == nullptr ? change.after : change.after == nullptr ? change.before : nullptr;
}

// Whether the policies answer for an earlier command exactly as for this one, so that comparing one of the two commands is enough.
bool IsLikeAnEarlierOne(const FamilyStates* family, int command) {
    for (int earlier = 0; earlier < command; earlier++) {
        bool same = true;
        for (int i = 0; i < 2 * family->count && same; i++) {
            const PolicyList* list = i < family->count ? &family->before[i].policies : &family->after[i - family->count].policies;
            for (int j = 0; j < list->count && same; j++)
                same = ((list->items[j]->commands >> earlier) & 1) == ((list->items[j]->commands >> command) & 1);
        }
        if (same)
            return true;
    }
    return false;
}

// Whether the change loosens a command for the family, or for one of its columns; ADMIN nobody asks of a relation.
bool LoosensCommands(const FamilyStates* family, const PolicyChange& change) {
    for (int i = 0; i < command_count && family->differ; i++) {
        TwoStates states = {family->before, family->after, family->count, Command(i), OnlyOne(change)};
        if (Command(i) != Command::Admin && !IsLikeAnEarlierOne(family, i) && IsSomebody(&states, IsLaxer))
            return true;
    }
    return false;
}

List* ColumnsOf(const Member* members, int count, List* columns) {
    for (int i = 0; i < count; i++)
        for (int j = 0; j < members[i].policies.count; j++)
            columns = AddColumnsOf(members[i].policies.items[j], columns);
    return columns;
}

// The members with those of their policies alone that are about the column.
Member* MembersFor(const Member* members, int count, const char* column) {
    Member* about = static_cast<Member*>(palloc0(count * sizeof(Member)));
    for (int i = 0; i < count; i++)
        for (int j = 0; j < members[i].policies.count; j++)
            if (IsAbout(members[i].policies.items[j], column))
                AppendNew(&about[i].policies, members[i].policies.items[j]);
    return about;
}

bool LoosensFamilyFor(const FamilyStates* family, const PolicyChange& change, const char* column) {
    FamilyStates about = *family;
    about.before = MembersFor(family->before, family->count, column);
    about.after = MembersFor(family->after, family->count, column);
    return LoosensCommands(&about, change);
}

// Each column that a policy names, before or after the change, is decided about by itself, and what none names.
bool LoosensFamily(const FamilyStates* family, const PolicyChange& change) {
    const List* columns = ColumnsOf(family->after, family->count, ColumnsOf(family->before, family->count, NIL));
    if (columns == NIL || !family->differ)
        return LoosensCommands(family, change);
    ListCell* cell;
    foreach (cell, columns)
        if (LoosensFamilyFor(family, change, static_cast<const char*>(lfirst(cell))))
            return true;
    return LoosensFamilyFor(family, change, nullptr);
}

bool IsOn(const Policy* policy, Oid relation, Oid schema) {
    if (policy == nullptr)
        return false;
    switch (policy->target_kind) {
        case TargetKind::Table: return policy->target == relation;
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
    family->before[family->count] = before;
    family->after[family->count++] = after;
    family->differ = family->differ || was_on || is_on;
}

FamilyStates NewFamilyStates(int members) {
    Size size = members * sizeof(Member);
    return FamilyStates{0, static_cast<Member*>(palloc0(size)), static_cast<Member*>(palloc0(size)), false};
}

// Whether the change loosens something for these relations, which govern together.
bool LoosensFor(ChangeCheck* check, const List* relations) {
    const PolicyChange& change = check->change;
    Members members = ReadMembers(&check->members, relations, check->targets);
    FamilyStates family = NewFamilyStates(members.count);
    for (int i = 0; i < members.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Member* member = &members.items[i];
        AddStates(&family, &member->policies, change, IsOn(change.before, member->relation, member->schema),
                  IsOn(change.after, member->relation, member->schema));
    }
    return LoosensFamily(&family, change);
}

// Whether the change loosens what is created in the schema, or, with InvalidOid, in one without policies.
bool LoosensForSchema(Oid schema, const PolicyChange& change) {
    PolicyList policies = {};
    ReadSchemaPolicies(&policies, schema, Rows::OfTransaction);
    FamilyStates family = NewFamilyStates(1);
    AddStates(&family, &policies, change, IsOn(change.before, InvalidOid, schema), IsOn(change.after, InvalidOid, schema));
    return LoosensFamily(&family, change);
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

// Looks, for a change on a schema or the database, at what is created there, at each relation there that has policies of its own, and at relatives.
bool LoosensForMany(ChangeCheck* check) {
    const Policy* one = check->change.before != nullptr ? check->change.before : check->change.after;
    PolicyList all = {};
    RequirePolicySentinel();
    Oid* targets = ReadTargets(&all, About::Anything, Rows::OfTransaction);
    HTAB* relatives = NewOidTable("pg_warrant weakening", sizeof(Oid));
    List *schemas = list_make1_oid(one->target_kind == TargetKind::Schema ? one->target : InvalidOid), *relations = NIL;
    List* related = FindStraddling(relatives);
    for (int i = 0; i < all.count; i++) {
        if (all.items[i]->target_kind == TargetKind::Schema && one->target_kind == TargetKind::Database)
            schemas = list_append_unique_oid(schemas, targets[i]);
        if (all.items[i]->target_kind != TargetKind::Table || !OidIsValid(targets[i]))
            continue;
        if (IsOn(one, targets[i], get_rel_namespace(targets[i])))
            relations = lappend_oid(relations, targets[i]);
        if (hash_search(relatives, &targets[i], HASH_FIND, nullptr) != nullptr)
            related = lappend_oid(related, targets[i]);
    }
    list_sort(relations, list_oid_cmp);
    list_deduplicate_oid(relations);
    ListCell* cell;
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
    TwoStates states = {family.before, family.after, 1, Command::Admin, OnlyOne(change)};
    return IsSomebody(&states, IsLaxer);
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
    for (const Policy* policy : states)
        if (policy != nullptr && policy->target_kind == TargetKind::Table)
            targets = list_append_unique_oid(targets, policy->target);
    return targets;
}

bool LoosensSomewhere(const PolicyChange& change) {
    ChangeCheck check = {change, NewMemberReader(Rows::OfTransaction), TargetsOf(change), NewOidTable("pg_warrant weakening", sizeof(Oid))};
    const Policy* one = change.before != nullptr ? change.before : change.after;
    return one->target_kind == TargetKind::Table ? LoosensForRelation(&check, one->target) : LoosensForMany(&check);
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

bool Weakens(const PolicyChange& change) {
    AwaitOthers();
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_warrant weakening", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    bool weakens = Loosens(change);
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    return weakens;
}

}    // namespace warrant
