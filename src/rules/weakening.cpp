#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/governance.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "rules/weakening.hpp"

namespace warrant {

namespace {

constexpr int64 most_subjects = 20000;    // that are tried for one relation

// What governs one relation: before[i] and after[i] are the policies of one member of its family.
struct Point {
    int count;
    Member* before;
    Member* after;
};

// How much an answer lets through.
enum Passage { nothing_passes, approved_passes, everything_passes_watched, everything_passes };

Passage PassageOf(const Policy* policy) {
    if (policy == nullptr || policy->effect == Effect::Open)
        return everything_passes;
    if (policy->monitor)
        return everything_passes_watched;
    return policy->effect == Effect::Approve ? approved_passes : nothing_passes;
}

bool IsAmong(Oid role, const Oid* roles, int count) {
    for (int i = 0; i < count; i++)
        if (roles[i] == role)
            return true;
    return false;
}

bool TrustsMore(const Policy* before, const Policy* after) {
    for (int i = 0; i < after->definer_count; i++)
        if (!IsAmong(after->definer_roles[i], before->definer_roles, before->definer_count))
            return true;
    return false;
}

bool AsksAnotherWebhook(const Policy* before, const Policy* after) {
    return after->webhook != nullptr && (before == nullptr || before->webhook == nullptr || strcmp(before->webhook, after->webhook) != 0);
}

int64_t MaxDuration(const Policy* policy) {
    return policy->max_duration_us != 0 ? policy->max_duration_us : settings.max_duration_s * INT64CONST(1000000);
}

int64_t DefaultDuration(const Policy* policy) {
    int64_t given = policy->default_duration_us != 0 ? policy->default_duration_us : settings.default_duration_s * INT64CONST(1000000);
    return given < MaxDuration(policy) ? given : MaxDuration(policy);
}

// Both let pass what is approved.
bool ApprovesEasier(const Policy* before, const Policy* after) {
    return after->min_approvals < before->min_approvals || after->approver_role != before->approver_role ||
           after->require_reason < before->require_reason || after->max_uses > before->max_uses ||
           MaxDuration(after) > MaxDuration(before) || DefaultDuration(after) > DefaultDuration(before) || AsksAnotherWebhook(before, after);
}

// Whether an access that the one policy governs is answered laxer by the other; NULL is no policy.
bool IsLaxer(const Policy* before, const Policy* after) {
    Passage was = PassageOf(before), is = PassageOf(after);
    if (was != is)
        return is > was;
    if (before != nullptr && before->audited && (after == nullptr || !after->audited))
        return true;
    if (is > approved_passes)
        return false;
    return after->audit_wait < before->audit_wait || TrustsMore(before, after) || (is == approved_passes && ApprovesEasier(before, after));
}

// --- whom policies are about ---

List* AddNamedRoles(List* roles, const PolicyList* policies, bool only_excepted) {
    for (int i = 0; i < policies->count; i++) {
        const Policy* policy = policies->items[i];
        for (int j = 0; j < policy->for_count && !only_excepted; j++)
            roles = list_append_unique_oid(roles, policy->for_roles[j]);
        for (int j = 0; j < policy->except_count; j++)
            roles = list_append_unique_oid(roles, policy->except_roles[j]);
    }
    return roles;
}

// The empty list, and for each of the roles what its members are members of.
List* MembershipsOf(const List* roles) {
    List* memberships = list_make1(NIL);
    ListCell* cell;
    foreach (cell, roles)
        memberships = lappend(memberships, RolesOf(lfirst_oid(cell)));
    return memberships;
}

// Whether the test holds for somebody, told by the roles that he is a member of: of none that the policies name, or of up to three, because a
// policy can be about the members of one, another about those of a second, and a third policy not about those of a third.
template <class Test>
bool AnySubject(const List* named, const List* excepted, Test test) {
    if (int64(list_length(named) + 1) * (list_length(named) + 1) * (list_length(excepted) + 1) > most_subjects)
        return true;
    List *first = MembershipsOf(named), *third = MembershipsOf(excepted);
    ListCell *one, *two, *three;
    foreach (one, first) {
        foreach (two, first) {
            if (foreach_current_index(two) < foreach_current_index(one))
                continue;
            List* both = list_concat_unique_oid(list_copy(static_cast<List*>(lfirst(one))), static_cast<List*>(lfirst(two)));
            foreach (three, third) {
                CHECK_FOR_INTERRUPTS();
                List* roles = list_concat_unique_oid(list_copy(both), static_cast<List*>(lfirst(three)));
                bool found = test(roles);
                list_free(roles);
                if (found)
                    return true;
            }
            list_free(both);
        }
    }
    return false;
}

bool IsAbout(const Policy* policy, const List* roles) {
    return ConcernsMember(policy, [roles](Oid role) { return list_member_oid(roles, role); }, true);
}

// --- where ---

bool LoosensAt(const Point* point) {
    List *named = NIL, *excepted = NIL;
    for (int i = 0; i < 2 * point->count; i++) {
        const PolicyList* list = i < point->count ? &point->before[i].policies : &point->after[i - point->count].policies;
        named = AddNamedRoles(named, list, false);
        excepted = AddNamedRoles(excepted, list, true);
    }
    return AnySubject(named, excepted, [point](const List* roles) {
        auto is_about = [roles](const Policy* policy) { return IsAbout(policy, roles); };
        for (int i = 0; i < command_count; i++)
            if (IsLaxer(StrictestOf(point->before, point->count, Command(i), is_about),
                        StrictestOf(point->after, point->count, Command(i), is_about)))
                return true;
        return false;
    });
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

// Makes two of a list: with the policy as it was, and as it becomes.
void Part(Point* point, const PolicyList* policies, const PolicyChange& change, bool was_on, bool is_on) {
    Member *before = &point->before[point->count], *after = &point->after[point->count];
    for (int i = 0; i < policies->count; i++) {
        Policy* policy = policies->items[i];
        if ((change.before != nullptr && policy->id == change.before->id) || (change.after != nullptr && policy->id == change.after->id))
            continue;
        AppendNew(&before->policies, policy);
        AppendNew(&after->policies, policy);
    }
    if (was_on)
        AppendNew(&before->policies, change.before);
    if (is_on)
        AppendNew(&after->policies, change.after);
    point->count++;
}

Point MakePoint(int members) {
    Size size = members * sizeof(Member);
    return Point{0, static_cast<Member*>(palloc0(size)), static_cast<Member*>(palloc0(size))};
}

void AddMember(Point* point, Oid relation, const PolicyChange& change) {
    Member member = {};
    Oid schema = get_rel_namespace(relation);
    ReadMember(&member, relation, Rows::OfTransaction);
    Part(point, &member.policies, change, IsOn(change.before, relation, schema), IsOn(change.after, relation, schema));
}

// The relation's own policies, or those of all its family.
bool LoosensFor(Oid relation, const PolicyChange& change, bool whole_family) {
    List* family = whole_family ? FamilyOf(relation) : list_make1_oid(relation);
    Point point = MakePoint(list_length(family));
    ListCell* cell;
    foreach (cell, family)
        AddMember(&point, lfirst_oid(cell), change);
    return LoosensAt(&point);
}

// What is created in the schema, or, with InvalidOid, in one without policies.
bool LoosensForSchema(Oid schema, const PolicyChange& change) {
    PolicyList policies = {};
    char* name = OidIsValid(schema) ? get_namespace_name(schema) : nullptr;
    if (name != nullptr)
        ReadPolicies(&policies, TargetKind::Schema, schema, name, "", Rows::OfTransaction);
    ReadPolicies(&policies, TargetKind::Database, MyDatabaseId, nullptr, nullptr, Rows::OfTransaction);
    Point point = MakePoint(1);
    Part(&point, &policies, change, IsOn(change.before, InvalidOid, schema), IsOn(change.after, InvalidOid, schema));
    return LoosensAt(&point);
}

// Whether a policy that wins now where another won can answer for relatives as well, whose own winner it was not. A new one only by asking for more
// approvals: what is stricter otherwise is not laxer in anything.
bool ReachesRelatives(const PolicyChange& change) {
    const Policy* after = change.after;
    return change.before != nullptr || (after->effect == Effect::Approve && !after->monitor && after->min_approvals > 1);
}

bool LoosensForRelation(Oid relation, const PolicyChange& change) {
    if (get_rel_relkind(relation) == '\0')
        return false;
    if (LoosensFor(relation, change, false))
        return true;
    if (!ReachesRelatives(change))
        return false;
    List* family = FamilyOf(relation);
    ListCell* cell;
    foreach (cell, family)
        if (list_length(family) > 1 && LoosensFor(lfirst_oid(cell), change, true))
            return true;
    return false;
}

// Relations whose parent is in another schema: there policies of two schemas meet.
List* AddStraddling(List* relations) {
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(inherits, InvalidOid, false, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_inherits row = Form_pg_inherits(GETSTRUCT(tuple));
        if (get_rel_namespace(row->inhrelid) != get_rel_namespace(row->inhparent))
            relations = lappend_oid(relations, row->inhrelid);
    }
    systable_endscan(scan);
    table_close(inherits, AccessShareLock);
    return relations;
}

// A change on a schema or the database: what is created there, each relation there that has policies of its own, and relatives.
bool LoosensForMany(const PolicyChange& change) {
    const Policy* one = change.before != nullptr ? change.before : change.after;
    PolicyList all = {};
    ReadAllPolicies(&all, Rows::OfTransaction);
    List *schemas = list_make1_oid(one->target_kind == TargetKind::Schema ? one->target : InvalidOid), *relations = NIL;
    for (int i = 0; i < all.count; i++) {
        const Policy* policy = all.items[i];
        if (policy->target_kind == TargetKind::Schema && one->target_kind == TargetKind::Database)
            schemas = list_append_unique_oid(schemas, policy->target);
        if (policy->target_kind == TargetKind::Table && (IsOn(one, policy->target, get_rel_namespace(policy->target)) || ReachesRelatives(change)))
            relations = lappend_oid(relations, policy->target);
    }
    if (ReachesRelatives(change))
        relations = AddStraddling(relations);
    list_sort(relations, list_oid_cmp);
    list_deduplicate_oid(relations);
    ListCell* cell;
    foreach (cell, schemas)
        if (LoosensForSchema(lfirst_oid(cell), change))
            return true;
    foreach (cell, relations)
        if (LoosensForRelation(lfirst_oid(cell), change))
            return true;
    return false;
}

// --- ADMIN, for which all policies count ---

bool IsEnforcedForAll(const Policy* policy, int64_t but_not) {
    return policy->effect == Effect::Approve && !policy->monitor && policy->for_count == 0 && policy->except_count == 0 && policy->id != but_not;
}

bool NamesAdmin(const Policy* policy) {
    return policy != nullptr && policy->target_kind == TargetKind::Database && (policy->commands & MaskOf(Command::Admin)) != 0;
}

// The cheap way to know that a new policy does not answer for ADMIN: one that needs no more approvals than an older one is not stricter.
bool StaysOffAdmin(const PolicyChange& change) {
    const Policy* after = change.after;
    if (change.before != nullptr || NamesAdmin(after))
        return false;
    return after->effect != Effect::Approve || (after->min_approvals == 1 && AnyPolicyOfTransaction(IsEnforcedForAll, after->id));
}

bool LoosensForAdmin(const PolicyChange& change) {
    if (StaysOffAdmin(change))
        return false;
    Member all = {};
    ReadAllPolicies(&all.policies, Rows::OfTransaction);
    Point point = MakePoint(1);
    Part(&point, &all.policies, change, change.before != nullptr, change.after != nullptr);
    const PolicyList *before = &point.before->policies, *after = &point.after->policies;
    List* named = AddNamedRoles(AddNamedRoles(NIL, before, false), after, false);
    List* excepted = AddNamedRoles(AddNamedRoles(NIL, before, true), after, true);
    return AnySubject(named, excepted, [before, after](const List* roles) {
        auto is_about = [roles](const Policy* policy) { return IsAbout(policy, roles); };
        return IsLaxer(AdminPolicy(before, is_about), AdminPolicy(after, is_about));
    });
}

// --- by itself ---

bool ExceptsMore(const Policy* before, const Policy* after) {
    for (int i = 0; i < after->except_count; i++)
        if (before == nullptr || !IsAmong(after->except_roles[i], before->except_roles, before->except_count))
            return true;
    return false;
}

bool OpensByItself(const Policy* before, const Policy* after) {
    if (after == nullptr)
        return before->effect != Effect::Open;
    bool opens = after->effect == Effect::Open && (before == nullptr || before->effect != Effect::Open);
    bool trusts = before == nullptr ? after->definer_count > 0 : TrustsMore(before, after);
    return opens || trusts || ExceptsMore(before, after) || AsksAnotherWebhook(before, after);
}

bool Loosens(const PolicyChange& change) {
    const Policy* one = change.before != nullptr ? change.before : change.after;
    return OpensByItself(change.before, change.after) ||
           (FindInstallation() != nullptr &&    // in the transaction of CREATE EXTENSION nothing is decided yet
            ((one->target_kind == TargetKind::Table ? LoosensForRelation(one->target, change) : LoosensForMany(change)) ||
             LoosensForAdmin(change)));
}

}    // namespace

bool Weakens(const PolicyChange& change) {
    if (Mutant("weakens"))
        return OpensByItself(change.before, change.after);
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_warrant weakening", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    bool weakens = Loosens(change);
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    return weakens;
}

}    // namespace warrant
