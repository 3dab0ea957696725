// Policies as the gate reads them.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

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
};

struct PolicyList {
    int count;
    int room;
    Policy** items;
    List* namesakes;      // what ReadPolicies found alive under policies of the same name: when it goes, they cover the bearer
};

// Appends the committed policies of one target to the list, in the current memory context. A schema policy is found by its schema,
// a database policy by the current database. Raises 55000 when the tables cannot be trusted (their sentinel is not seen).
void ReadPolicies(PolicyList* list, TargetKind kind, Oid target, const char* schema, const char* name);

// Appends all committed policies to the list, whatever they are about, in the current memory context. Raises as ReadPolicies.
void ReadAllPolicies(PolicyList* list);

// The sentinel of policies is visible; raises 55000 otherwise.
void RequirePolicySentinel();

// Whether any policy but open ones is there.
bool AnythingIsProtected();

// Whether the policy is about this subject.
bool Concerns(const Policy* policy, Oid subject);

// Whether the policy names the role as a definer whose views and functions it trusts.
bool TrustsDefiner(const Policy* policy, Oid definer);

// Whether a beats b for the same relation, command and subject.
bool Beats(const Policy* a, const Policy* b);

// Whether a is stricter than b: the winners of two relations of one family, for the same command and subject.
bool IsStricter(const Policy* a, const Policy* b);

}    // namespace warrant
