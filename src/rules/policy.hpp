// A policy in memory, and the columns of warrant.policies that it is made of. policy.cpp has them in one table: where each stands here, and where a
// change of it loosens.
#pragma once

#include "pg/server.hpp"

#include "core/quorum.hpp"
#include "rules/commands.hpp"
#include "rules/own_columns.hpp"

namespace warrant {

// The effects in the order in which they win between equals: the strictest first. For one that this release does not know only the last decision
// step answers, which refuses.
enum class Effect : uint8_t { Unknown, Deny, Approve, Auto, Open };

// The kinds in the order in which they win: the nearest first.
enum class TargetKind : char { Table = 't', Label = 'l', Schema = 's', Database = 'd', Sentinel = '!' };

struct Hours;
struct Networks;

struct Policy {
    int64_t id;
    int32_t version;
    int32_t priority;
    int32_t min_approvals;
    TargetKind target_kind;
    Effect effect;
    bool monitor;
    bool audited;            // a row for each statement that runs under it
    bool audit_wait;         // that row is durable before the statement's first effect
    CommandMask commands;    // the commands named, and those that they cover
    CommandMask named;       // the commands named alone, which are what a policy of effect auto grants
    char* name;
    uint32_t name_size;    // bytes
    int for_count;         // 0: everybody
    Oid* for_roles;
    int except_count;
    Oid* except_roles;
    int definer_count;    // the roles alone, without their members, who make views and functions of their own
    Oid* definer_roles;
    Oid target;
    int column_count;    // 0: it is on the whole table
    char** columns;      // by their names of now; "" is none any more
    int16_t* column_numbers;
    char* label;    // of the relations that it is on; nullptr where the target is another
    Oid approver_role;
    int other_approver_count;    // members of these must approve as well
    Oid* other_approver_roles;
    int other_approvals_count;
    int32_t* other_approvals;     // of each of them; min_approvals counts all
    int64_t escalate_after_us;    // how long a request waits for others, until escalate_to decides, too; 0: for ever
    Oid escalate_to;
    bool require_reason;
    bool require_comment;
    char* ticket_pattern;           // that the tickets of its requests match; nullptr: they need none
    bool exact;                     // its grants are for single statements
    bool files_nothing;             // a refused statement files no request: it is asked for by a call
    int max_uses;                   // of each grant; INT_MAX: no limit
    int64_t max_rows;               // of each statement under a grant; INT64_MAX: no limit
    int64_t default_duration_us;    // 0: the setting
    int64_t max_duration_us;        // 0: the setting
    char* webhook;                  // nullptr: asks none
    int32_t terms_from;             // grants made under an earlier version do not count, but for those that were kept
    int kept_count;
    int64_t* kept_grants;
    Hours* hours;           // in which statements pass; nullptr: always
    Networks* networks;     // from which they do; nullptr: from everywhere
    ItemPointerData row;    // with row_made_by: the version of the row that the policy was read from
    TransactionId row_made_by;
};

// Whether it is about this column of its table, and of the table's family; nullptr stands for what no policy names.
inline bool IsAbout(const Policy* policy, const char* column) {
    bool about = policy->column_count == 0;
    for (int i = 0; i < policy->column_count && column != nullptr && !about; i++)
        about = strcmp(policy->columns[i], column) == 0;
    return about;
}

// Whether two policies have the same columns, under the same names.
bool HaveSameColumns(const Policy* a, const Policy* b);

// Whether it lets pass only where some condition is met.
inline bool HasCondition(const Policy* policy) { return policy->hours != nullptr || policy->networks != nullptr; }

// The roles whose members approve, and how many persons of each must.
struct ApproverRoles {
    int count;
    Oid roles[core::most_approver_roles];
    int approvals[core::most_approver_roles];
};
ApproverRoles ApproverRolesOf(const Policy* policy);

// Whether it covers what bears its target's name once that is gone, and everybody once its role is: a policy that lets pass by itself never does.
inline bool OutlivesItsNames(const Policy* policy) { return policy->effect != Effect::Open && policy->effect != Effect::Auto; }

// Scans look at the first columns before they read a policy.
extern const OwnColumns of_policy;
enum { policy_kind, policy_target, policy_schema, policy_table };

// Reads a row with these columns, into the current memory context.
Policy* ReadPolicy(const OwnRow* row);

// A policy as it stands in memory that many relations share, allocated in the current memory context.
Policy* CopyPolicy(const Policy* policy);

// How much a policy's effect and mode let through: those of deny, of approve, of auto, of monitor mode, and of open or no policy.
enum Passage { nothing_passes, approved_passes, granted_passes, everything_passes_watched, everything_passes };

// Between which policies a column counts when a change is asked whether it loosens. A bit for each passage stands for two policies of that passage.
using Where = uint8_t;
constexpr Where where_approved = 1 << approved_passes;
constexpr Where where_granted = where_approved | 1 << granted_passes;
constexpr Where where_gated = where_granted | 1 << nothing_passes;
constexpr Where everywhere = where_gated | 1 << everything_passes_watched | 1 << everything_passes;
// Between a policy before and after its own change, whether or not it is the one that governs.
constexpr Where by_itself = 1 << (everything_passes + 1);
// Between a policy and one of less passage that still lets something pass: an approval takes the place of no condition.
constexpr Where between_passages = 1 << (everything_passes + 2);

// Whether the policy after is laxer than the one before by some column that counts there; nullptr is no policy.
bool HasLaxerColumn(Where where, const Policy* before, const Policy* after);

}    // namespace warrant
