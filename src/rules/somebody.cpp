#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/somebody.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

constexpr int most_people = 20000;    // that are tried for two states

// Who it is so far for whom the two wanted answers are given: roles are only ever added.
struct Search {
    const TwoStates* states;
    const Policy* before;    // wanted; nullptr is no policy
    const Policy* after;
    int* tried;
};

Aim AimAt(const Policy* policy, const List* roles) {
    return AimAtMember(
        policy, [roles](Oid role) { return list_member_oid(roles, role); }, true);
}

bool IsExcepted(const Policy* policy, const List* roles) {
    for (int i = 0; i < policy->except_count; i++)
        if (list_member_oid(roles, policy->except_roles[i]))
            return true;
    return false;
}

bool IsSame(const Policy* a, const Policy* b) { return a == b || (a != nullptr && b != nullptr && a->id == b->id); }

template <class AimOf>
const Policy* FirstOf(const PolicyList* policies, Command command, AimOf aim_of) {
    return command == Command::Admin ? AdminPolicy(policies, aim_of) : WinnerOf(policies, command, aim_of);
}

const Policy* AnswerOf(const Member* members, int count, Command command, const List* roles) {
    auto aim_of = [roles](const Policy* policy) { return AimAt(policy, roles); };
    return command == Command::Admin ? AdminPolicy(&members->policies, aim_of) : StrictestOf(members, count, command, aim_of);
}

bool Find(Search* search, const List* roles);

// Whether it is somebody who is, besides, a member of one of the other roles.
bool FindWithOneOf(Search* search, const List* roles, const Oid* others, int count) {
    for (int i = 0; i < count; i++) {
        if (RoleIsGone(others[i]) || list_member_oid(roles, others[i]))
            continue;
        List* more = list_concat_unique_oid(list_copy(roles), RolesOf(others[i]));
        bool found = Find(search, more);
        list_free(more);
        if (found)
            return true;
    }
    return false;
}

// When another policy answers than the wanted one, a member of what that policy excepts is looked for, whom it is not about. Where the wanted one is
// another relation's, a third policy can take the place of the one that answers.
bool FindWithout(Search* search, const List* roles, const Member* members, const Policy* answer, const Policy* wanted) {
    if (answer == nullptr)
        return false;
    if (FindWithOneOf(search, roles, answer->except_roles, answer->except_count))
        return true;
    if (wanted == nullptr || search->states->command == Command::Admin)
        return false;
    for (int i = 0; i < search->states->count; i++) {
        const PolicyList* policies = &members[i].policies;
        bool answers_here = false;
        for (int j = 0; j < policies->count; j++)
            answers_here = answers_here || IsSame(policies->items[j], answer);
        for (int j = 0; answers_here && j < policies->count; j++) {
            const Policy* other = policies->items[j];
            bool displaces = AimAt(answer, roles) == Aim::EverybodySinceARoleIsGone || Beats(other, answer);
            if ((other->commands & MaskOf(search->states->command)) != 0 && !IsSame(other, answer) && displaces && !IsExcepted(other, roles) &&
                FindWithOneOf(search, roles, other->for_roles, other->for_count))
                return true;
        }
    }
    return false;
}

// Searches depth first: what keeps the wanted policies from answering is mended by one role after the other, each in every way there is.
bool Find(Search* search, const List* roles) {
    CHECK_FOR_INTERRUPTS();
    check_stack_depth();
    if (++*search->tried > most_people)
        return true;
    const TwoStates* states = search->states;
    const Policy* needed[] = {search->before, search->after, states->concerned};
    for (const Policy* policy : needed)
        if (policy != nullptr && AimAt(policy, roles) == Aim::Nobody)
            return !IsExcepted(policy, roles) && FindWithOneOf(search, roles, policy->for_roles, policy->for_count);
    const Policy* answer = AnswerOf(states->before, states->count, states->command, roles);
    if (!IsSame(answer, search->before))
        return FindWithout(search, roles, states->before, answer, search->before);
    answer = AnswerOf(states->after, states->count, states->command, roles);
    return IsSame(answer, search->after) || FindWithout(search, roles, states->after, answer, search->after);
}

// Whether the policy can answer in its member: no policy about everybody always comes before it. One whose role is gone can come back when another
// answers.
bool CanComeFirst(const PolicyList* policies, Command command, const Policy* policy, const Policy* always) {
    bool of_gone = policy->for_count > 0 && AimAt(policy, NIL) == Aim::EverybodySinceARoleIsGone;
    auto one_of_both = [policy, always](const Policy* other) { return other == policy || other == always ? Aim::Subject : Aim::Nobody; };
    auto alone = [policy](const Policy* other) { return other == policy ? Aim::Subject : Aim::Nobody; };
    bool always_gone = always != nullptr && AimAt(always, NIL) == Aim::EverybodySinceARoleIsGone;
    return FirstOf(policies, command, alone) == policy && (of_gone || always_gone || FirstOf(policies, command, one_of_both) == policy);
}

// Adds the policies that can answer: what can come first in some member, unless what always answers in another one is stricter.
void AddCandidates(PolicyList* found, const Member* members, int count, Command command) {
    auto about_all = [](const Policy* policy) { return policy->except_count == 0 ? AimAt(policy, NIL) : Aim::Nobody; };
    const Policy* floor = nullptr;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++) {
            const PolicyList* policies = &members[i].policies;
            const Policy* always = FirstOf(policies, command, about_all);
            int here = 0;
            for (int j = 0; j < policies->count; j++) {
                if (!CanComeFirst(policies, command, policies->items[j], always))
                    continue;
                here++;
                if (pass == 1 && (floor == nullptr || !IsStricter(floor, policies->items[j])))
                    Append(found, policies->items[j]);
            }
            if (pass == 0 && always != nullptr && here == 1 && (floor == nullptr || IsStricter(always, floor)))
                floor = always;
        }
}

}    // namespace

bool IsSomebody(const TwoStates* states, AnswersTest test) {
    PolicyList before = {}, after = {};
    int tried = 0;
    AddCandidates(&before, states->before, states->count, states->command);
    AddCandidates(&after, states->after, states->count, states->command);
    for (int i = 0; i < before.count; i++)
        for (int j = 0; j <= after.count; j++) {
            Search search = {states, before.items[i], j < after.count ? after.items[j] : nullptr, &tried};
            CHECK_FOR_INTERRUPTS();
            if (test(search.before, search.after) && Find(&search, NIL))
                return true;
        }
    return false;
}

}    // namespace warrant
