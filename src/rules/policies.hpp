// Policies as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/policy.hpp"

namespace warrant {

struct PolicyList {
    int count;
    int room;
    Policy** items;
    List* namesakes;    // living targets of policies by this relation's name: when one goes, its policies cover the relation
};

// Appends the policies on a schema, unless it is InvalidOid or gone, and those on the database, in the current memory context.
void ReadSchemaPolicies(PolicyList* list, Oid schema, Rows rows = Rows::Committed);

// A relation, and the policies on it.
struct TablePolicies {
    Oid table;    // hash key
    Oid schema;
    NameData name;
    PolicyList policies;
};

// Appends the policies on labels, in the current memory context. The list is empty.
void ReadLabelPolicies(PolicyList* list, Rows rows = Rows::Committed);

// Appends to the list of each table the policies on it, in the current memory context. Puts the tables into another order.
void ReadTablePolicies(TablePolicies** tables, int count, Rows rows);

// Appends all policies to the list, whatever they are about, in the current memory context. Raises as RequirePolicySentinel.
void ReadAllPolicies(PolicyList* list, Rows rows = Rows::Committed);

// Appends all policies, or those on tables alone. Returns the target of each; where a target is gone, what bears its name now, or InvalidOid, as for
// labels.
// Raises as RequirePolicySentinel.
enum class About { Anything, Tables };
Oid* ReadTargets(PolicyList* list, About about, Rows rows = Rows::Committed);

// Whether the policy, whose table is there, covers the column by its name alone: it was made anew, and the recorder has not noted its number yet.
bool CoversByNameAlone(const Policy* policy, const char* column);

// Whether the two policies were read from one version of one row.
bool IsSameVersion(const Policy* a, const Policy* b);

// The committed policy of a number, in the current memory context, or nullptr.
Policy* FindPolicy(int64_t id);

// Whether the test holds for some policy of this transaction, in no order, beside the one given; asks no further then.
using PolicyTest = bool (*)(const Policy* policy, const Policy* beside);
bool AnyPolicyOfTransaction(PolicyTest test, const Policy* beside);

// Raises 55000 unless the sentinel of policies is visible.
void RequirePolicySentinel();

// Whether any policy but open ones is there.
bool AnythingIsProtected();

// Whether a role that the policy is for is gone: such a policy covers everybody, if it outlives its names, and a WARNING says so.
bool IsGoneRole(const Policy* policy, Oid role, bool silent);

// Whether a beats b for the same relation, command and subject.
bool Beats(const Policy* a, const Policy* b);

// Whether a is stricter than b: the winners of two relations of one family, for the same command and subject.
bool IsStricter(const Policy* a, const Policy* b);

// Whether a lets less through than b, by effect and mode alone.
bool IsStricterByEffect(const Policy* a, const Policy* b);

// How a policy is about a subject. A policy whose role is gone is about everybody, but only where no other policy about the subject is as strict.
// When a role goes, what was about its members must not replace what is about everybody else.
enum class Aim : uint8_t { Nobody, Subject, EverybodySinceARoleIsGone };

// How the policy is about somebody who is a member of the roles that the test accepts.
template <class IsMember>
Aim AimAtMember(const Policy* policy, IsMember is_member, bool silent = false) {
    for (int i = 0; i < policy->except_count; i++)
        if (is_member(policy->except_roles[i]))
            return Aim::Nobody;
    for (int i = 0; i < policy->for_count; i++)
        if (is_member(policy->for_roles[i]))
            return Aim::Subject;
    for (int i = 0; i < policy->for_count && OutlivesItsNames(policy); i++)
        if (IsGoneRole(policy, policy->for_roles[i], silent))
            return Aim::EverybodySinceARoleIsGone;
    return policy->for_count == 0 ? Aim::Subject : Aim::Nobody;
}

// How the policy is about this subject.
Aim AimAt(const Policy* policy, Oid subject);

inline const Policy* StricterByEffect(const Policy* of_gone, const Policy* of_subject) {
    return of_gone != nullptr && (of_subject == nullptr || IsStricterByEffect(of_gone, of_subject)) ? of_gone : of_subject;
}

// Of the policies of one relation the one that answers for a command, by how each is about somebody, or nullptr.
template <class AimOf>
const Policy* WinnerOf(const PolicyList* policies, Command command, AimOf aim_of) {
    const Policy *winner = nullptr, *of_gone = nullptr;
    for (int i = 0; i < policies->count; i++) {
        const Policy* policy = policies->items[i];
        Aim aim = (policy->commands & MaskOf(command)) != 0 ? aim_of(policy) : Aim::Nobody;
        if (aim == Aim::Subject && (winner == nullptr || Beats(policy, winner)))
            winner = policy;
        if (aim == Aim::EverybodySinceARoleIsGone && (of_gone == nullptr || IsStricter(policy, of_gone)))
            of_gone = policy;
    }
    return StricterByEffect(of_gone, winner);
}

// Whether the policy names the role as a definer whose views and functions it trusts.
bool TrustsDefiner(const Policy* policy, Oid definer);

// The candidates for ADMIN: the winner of the policies on the database that name it, the strictest that is approved and enforced, and the strictest
// that does not open.
struct AdminChoice {
    const Policy *naming, *approving, *refusing;
};
// Lets a policy take the places in which it is ahead. Then one is chosen, of the policies about somebody and of those whose role is gone.
void Choose(AdminChoice* choice, const Policy* policy);
const Policy* Chosen(const AdminChoice* of_subject, const AdminChoice* of_gone);

// Of all policies here the one that answers for ADMIN, by how each is about somebody, or nullptr. Those that name it come first, then those of
// approval, whatever they protect.
template <class AimOf>
const Policy* AdminPolicy(const PolicyList* all, AimOf aim_of) {
    AdminChoice of_subject = {}, of_gone = {};
    for (int i = 0; i < all->count; i++) {
        Aim aim = aim_of(all->items[i]);
        if (aim != Aim::Nobody)
            Choose(aim == Aim::Subject ? &of_subject : &of_gone, all->items[i]);
    }
    return Chosen(&of_subject, &of_gone);
}

// The names (char*) with one more, which is copied, unless it is among them.
List* WithColumn(List* names, const char* name);

// Adds to the names (char*) those of the policy's columns that are not among them.
List* AddColumnsOf(const Policy* policy, List* names);

// Adds the policy to the list, unless it is there; AppendNew does not look.
void Append(PolicyList* list, Policy* policy);
void AppendNew(PolicyList* list, Policy* policy);

}    // namespace warrant
