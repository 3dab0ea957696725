#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "rules/commands.hpp"
#include "rules/governance.hpp"
#include "rules/policies.hpp"
#include "rules/somebody.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

constexpr int most_people = 20000;    // that are tried for two states

// For the two answers wanted, who it is so far: roles are only ever added.
struct Search {
    const TwoStates* states;
    const Policy* before;    // wanted; nullptr is no policy
    const Policy* after;
    int* tried;
};

bool IsAbout(const Policy* policy, const List* roles) {
    return ConcernsMember(policy, [roles](Oid role) { return list_member_oid(roles, role); }, true);
}

bool IsExcepted(const Policy* policy, const List* roles) {
    for (int i = 0; i < policy->except_count; i++)
        if (list_member_oid(roles, policy->except_roles[i]))
            return true;
    return false;
}

bool IsSame(const Policy* a, const Policy* b) { return a == b || (a != nullptr && b != nullptr && a->id == b->id); }

template <class IsAbout>
const Policy* FirstOf(const PolicyList* policies, Command command, IsAbout is_about) {
    return command == Command::Admin ? AdminPolicy(policies, is_about) : WinnerOf(policies, command, is_about);
}

const Policy* AnswerOf(const Member* members, int count, Command command, const List* roles) {
    auto is_about = [roles](const Policy* policy) { return IsAbout(policy, roles); };
    return command == Command::Admin ? AdminPolicy(&members->policies, is_about) : StrictestOf(members, count, command, is_about);
}

bool Find(Search* search, const List* roles);

// Whether it is somebody who is, besides, a member of one of these.
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

// Another policy answers than the wanted one: it is about those who are members of what it excepts no more, and where the wanted one is another
// relation's, a third one can take its place.
bool FindWithout(Search* search, const List* roles, const Member* members, const Policy* answer, const Policy* wanted) {
    if (answer == nullptr || Mutant("somebody"))
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
            if ((other->commands & MaskOf(search->states->command)) != 0 && !IsSame(other, answer) && Beats(other, answer) && !IsExcepted(other, roles) &&
                FindWithOneOf(search, roles, other->for_roles, other->for_count))
                return true;
        }
    }
    return false;
}

// Depth first: what keeps the wanted policies from answering is mended by one role after the other, each in every way there is.
bool Find(Search* search, const List* roles) {
    CHECK_FOR_INTERRUPTS();
    check_stack_depth();
    if (++*search->tried > most_people)
        return true;
    const TwoStates* states = search->states;
    const Policy* needed[] = {search->before, search->after, states->concerned};
    for (const Policy* policy : needed)
        if (policy != nullptr && !IsAbout(policy, roles))
            return !IsExcepted(policy, roles) && FindWithOneOf(search, roles, policy->for_roles, policy->for_count);
    const Policy* answer = AnswerOf(states->before, states->count, states->command, roles);
    if (!IsSame(answer, search->before))
        return FindWithout(search, roles, states->before, answer, search->before);
    answer = AnswerOf(states->after, states->count, states->command, roles);
    return IsSame(answer, search->after) || FindWithout(search, roles, states->after, answer, search->after);
}

// Those that can answer: in each member what nothing that is about everybody always beats, unless what always answers elsewhere is stricter.
void AddCandidates(PolicyList* found, const Member* members, int count, Command command) {
    auto everybody = [](const Policy* policy) { return policy->except_count == 0 && IsAbout(policy, NIL); };
    const Policy* floor = nullptr;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++) {
            const PolicyList* policies = &members[i].policies;
            const Policy* always = FirstOf(policies, command, everybody);
            int here = 0;
            for (int j = 0; j < policies->count; j++) {
                Policy* policy = policies->items[j];
                auto is_either = [policy, always](const Policy* other) { return other == policy || other == always; };
                if (FirstOf(policies, command, is_either) != policy)
                    continue;
                here++;
                if (pass == 1 && (floor == nullptr || !IsStricter(floor, policy)))
                    Append(found, policy);
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
