// Policies as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/committed.hpp"

namespace warrant {

// In the order in which they win between equals: the strictest first.
// What an effect that this release does not know does, no step of the decision answers.
enum class Effect : uint8_t { Unknown, Deny, Approve, Open };

// Also the order in which they win: the nearest first.
enum class TargetKind : char { Table = 't', Schema = 's', Database = 'd', Sentinel = '!' };

struct Policy {
    int64_t id;
    int32_t version;
    int32_t priority;
    int32_t min_approvals;
    TargetKind target_kind;
    Effect effect;
    bool monitor;
    bool audited;         // a row for each statement that runs under it
    bool audit_wait;      // that row is durable before the statement's first effect
    CommandMask commands; // with what they cover
    char* name;
    int for_count;        // 0: everybody
    Oid* for_roles;
    int except_count;
    Oid* except_roles;
    int definer_count;    // by themselves: members make views and functions of their own
    Oid* definer_roles;
    Oid target;
    Oid approver_role;
    bool require_reason;
    int max_uses;                 // of each grant; INT_MAX: no limit
    int64_t default_duration_us;  // 0: the setting
    int64_t max_duration_us;      // 0: the setting
    char* webhook;                // nullptr: asks none
    ItemPointerData row;          // with the next, which version of its row it was read from
    TransactionId row_made_by;
};

struct PolicyList {
    int count;
    int room;
    Policy** items;
    List* namesakes;      // what ReadPolicies found alive under policies of the same name: when it goes, they cover the bearer
};

// A row of warrant.policies with so many columns, in the current memory context.
Policy* ReadPolicy(const Datum* values, const bool* nulls, int column_count);

// Appends the policies of one target to the list, in the current memory context. A schema policy is found by its schema,
// a database policy by the current database. Raises 55000 when the tables cannot be trusted (their sentinel is not seen).
void ReadPolicies(PolicyList* list, TargetKind kind, Oid target, const char* schema, const char* name, Rows rows = Rows::Committed);

// Appends all policies to the list, whatever they are about, in the current memory context. Raises as ReadPolicies.
void ReadAllPolicies(PolicyList* list, Rows rows = Rows::Committed);

// Appends all policies, or those on tables alone. Returns what each is about, also where a gone one's name leads, InvalidOid where there is nothing.
// Raises as ReadPolicies.
enum class About { Anything, Tables };
Oid* ReadTargets(PolicyList* list, About about, Rows rows = Rows::Committed);

// A policy as it stands in memory that many relations share, allocated in the current memory context.
Policy* CopyPolicy(const Policy* policy);

// Whether both were read from the same version of one row.
bool IsSameVersion(const Policy* a, const Policy* b);

// The committed policy of a number, in the current memory context, or nullptr.
Policy* FindPolicy(int64_t id);

// Whether the test holds for some policy of this transaction, in no order, beside the one given; asks no further then.
using PolicyTest = bool (*)(const Policy* policy, const Policy* beside);
bool AnyPolicyOfTransaction(PolicyTest test, const Policy* beside);

// The sentinel of policies is visible; raises 55000 otherwise.
void RequirePolicySentinel();

// Whether any policy but open ones is there.
bool AnythingIsProtected();

// Whether a role that the policy is for is gone: such a policy, unless it opens, covers everybody, and a WARNING says so.
bool IsGoneRole(const Policy* policy, Oid role, bool silent);

// Whether a beats b for the same relation, command and subject.
bool Beats(const Policy* a, const Policy* b);

// Whether a is stricter than b: the winners of two relations of one family, for the same command and subject.
bool IsStricter(const Policy* a, const Policy* b);

// Whether the policy is about somebody who is a member of the roles that the test accepts.
template <class IsMember>
bool ConcernsMember(const Policy* policy, IsMember is_member, bool silent = false) {
    for (int i = 0; i < policy->except_count; i++)
        if (is_member(policy->except_roles[i]))
            return false;
    for (int i = 0; i < policy->for_count; i++)
        if (is_member(policy->for_roles[i]) || (policy->effect != Effect::Open && IsGoneRole(policy, policy->for_roles[i], silent)))
            return true;
    return policy->for_count == 0;
}

// Whether the policy is about this subject.
bool Concerns(const Policy* policy, Oid subject);

// Of the policies of one relation the one that answers for a command and whom is_about accepts, or nullptr.
template <class IsAbout>
const Policy* WinnerOf(const PolicyList* policies, Command command, IsAbout is_about) {
    const Policy* winner = nullptr;
    for (int i = 0; i < policies->count; i++) {
        const Policy* policy = policies->items[i];
        if ((policy->commands & MaskOf(command)) != 0 && is_about(policy) && (winner == nullptr || Beats(policy, winner)))
            winner = policy;
    }
    return winner;
}

// Whether the policy names the role as a definer whose views and functions it trusts.
bool TrustsDefiner(const Policy* policy, Oid definer);

// Of all policies here the one that answers for ADMIN, for whom is_about accepts: the winner of those on the database that name it, or else
// the strictest that is approved and enforced, whatever it protects, or else the strictest that does not open. Or nullptr.
template <class IsAbout>
const Policy* AdminPolicy(const PolicyList* all, IsAbout is_about) {
    const Policy *naming = nullptr, *approving = nullptr, *refusing = nullptr;
    for (int i = 0; i < all->count; i++) {
        const Policy* policy = all->items[i];
        bool names = policy->target_kind == TargetKind::Database && (policy->commands & MaskOf(Command::Admin)) != 0;
        if ((!names && policy->effect == Effect::Open) || !is_about(policy))
            continue;
        if (names && (naming == nullptr || Beats(policy, naming)))
            naming = policy;
        if (policy->effect == Effect::Approve && !policy->monitor && (approving == nullptr || IsStricter(policy, approving)))
            approving = policy;
        if (policy->effect != Effect::Open && (refusing == nullptr || IsStricter(policy, refusing)))
            refusing = policy;
    }
    return naming != nullptr ? naming : approving != nullptr ? approving : refusing;
}

// Adds it to the list, unless it is there; AppendNew does not look.
void Append(PolicyList* list, Policy* policy);
void AppendNew(PolicyList* list, Policy* policy);

}    // namespace warrant
