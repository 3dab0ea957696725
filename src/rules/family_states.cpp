#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/family_states.hpp"
#include "rules/policy.hpp"
#include "rules/somebody.hpp"

namespace warrant {

namespace {

Passage PassageOf(const Policy* policy) {
    if (policy == nullptr || policy->effect == Effect::Open)
        return everything_passes;
    if (policy->monitor)
        return everything_passes_watched;
    return policy->effect == Effect::Approve ? approved_passes : policy->effect == Effect::Auto ? granted_passes : nothing_passes;
}

// Whether the policies answer for an earlier command exactly as for this one, so that comparing one of the two commands is enough.
bool IsLikeAnEarlierOne(const FamilyStates* family, int command) {
    for (int earlier = 0; earlier < command; earlier++) {
        bool same = true;
        for (int i = 0; i < 2 * family->count && same; i++) {
            const PolicyList* list = i < family->count ? &family->before[i].policies : &family->after[i - family->count].policies;
            for (int j = 0; j < list->count && same; j++)
                same = ((list->items[j]->commands >> earlier) & 1) == ((list->items[j]->commands >> command) & 1) &&
                       ((list->items[j]->named >> earlier) & 1) == ((list->items[j]->named >> command) & 1);
        }
        if (same)
            return true;
    }
    return false;
}

// Policies of effect auto match or do not, by what a statement has given. One that does not is the last of its member, where it refuses.
Member* WithoutUnmatched(const Member* members, int count, Command command, bool all) {
    Member* copies = static_cast<Member*>(palloc0(count * sizeof(Member)));
    for (int i = 0; i < count; i++)
        for (int j = 0; j < members[i].policies.count; j++) {
            Policy* policy = members[i].policies.items[j];
            if (policy->effect == Effect::Auto && (all || (policy->named & MaskOf(command)) == 0)) {
                Policy* last = static_cast<Policy*>(memcpy(palloc(sizeof(Policy)), policy, sizeof(Policy)));
                last->effect = Effect::Deny;
                last->priority = PG_INT32_MIN;
                last->hours = nullptr;    // they say when it matches
                last->networks = nullptr;
                policy = last;
            }
            AppendNew(&copies[i].policies, policy);
        }
    return copies;
}

const Policy* FindAutomatic(const Member* members, int count, int64_t id) {
    for (int i = 0; i < count; i++)
        for (int j = 0; j < members[i].policies.count; j++)
            if (const Policy* policy = members[i].policies.items[j]; policy->effect == Effect::Auto && (id == 0 || policy->id == id))
                return policy;
    return nullptr;
}

// Whether some policy may no longer match after its change where it did before.
bool AnyMatchesLess(const FamilyStates* family) {
    for (int i = 0; i < family->count; i++)
        for (int j = 0; j < family->before[i].policies.count; j++) {
            const Policy* before = family->before[i].policies.items[j];
            const Policy* after = before->effect == Effect::Auto ? FindAutomatic(family->after, family->count, before->id) : nullptr;
            if (after != nullptr && after != before && HasLaxerColumn(everywhere, after, before))
                return true;
        }
    return false;
}

// Whether the change loosens a command for the family, or for one of its columns; ADMIN nobody asks of a relation.
bool LoosensCommands(const FamilyStates* family, const Policy* concerned) {
    for (int i = 0; i < command_count && family->differ; i++)
        if (Command(i) != Command::Admin && !IsLikeAnEarlierOne(family, i) && LoosensCommand(family, Command(i), concerned))
            return true;
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

bool LoosensFamilyFor(const FamilyStates* family, const Policy* concerned, const char* column) {
    FamilyStates about = *family;
    about.before = MembersFor(family->before, family->count, column);
    about.after = MembersFor(family->after, family->count, column);
    return LoosensCommands(&about, concerned);
}

}    // namespace

bool IsLaxer(const Policy* before, const Policy* after) {
    Passage was = PassageOf(before), is = PassageOf(after);
    if (was != is)
        return is > was || (is != nothing_passes && HasLaxerColumn(between_passages, before, after));
    return HasLaxerColumn(Where(1 << is), before, after);
}

bool LoosensCommand(const FamilyStates* family, Command command, const Policy* concerned) {
    TwoStates states = {family->before, family->after, family->count, command, concerned};
    if (FindAutomatic(family->before, family->count, 0) == nullptr && FindAutomatic(family->after, family->count, 0) == nullptr)
        return IsSomebody(&states, IsLaxer);
    struct {
        bool before, after;
    } matched[] = {{true, true}, {false, false}, {true, false}};
    for (const auto& is : matched) {
        states.before = WithoutUnmatched(family->before, family->count, command, !is.before);
        states.after = WithoutUnmatched(family->after, family->count, command, !is.after);
        if ((is.before == is.after || AnyMatchesLess(family)) && IsSomebody(&states, IsLaxer))
            return true;
    }
    return false;
}

// Each column that a policy names, before or after the change, is decided about by itself, and what none names.
bool LoosensFamily(const FamilyStates* family, const Policy* concerned) {
    const List* columns = ColumnsOf(family->after, family->count, ColumnsOf(family->before, family->count, NIL));
    if (columns == NIL || !family->differ)
        return LoosensCommands(family, concerned);
    ListCell* cell;
    foreach (cell, columns)
        if (LoosensFamilyFor(family, concerned, static_cast<const char*>(lfirst(cell))))
            return true;
    return LoosensFamilyFor(family, concerned, nullptr);
}

void AddState(FamilyStates* family, const Member& before, const Member& after, bool differ) {
    family->before[family->count] = before;
    family->after[family->count++] = after;
    family->differ = family->differ || differ;
}

FamilyStates NewFamilyStates(int members) {
    Size size = members * sizeof(Member);
    return FamilyStates{0, static_cast<Member*>(palloc0(size)), static_cast<Member*>(palloc0(size)), false};
}

}    // namespace warrant
