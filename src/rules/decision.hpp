// The decision for one access: the steps in their order, the first that answers wins.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"
#include "rules/automatic.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/uses.hpp"

namespace warrant {

// Auto: the policy grants it by itself, and the statement is decided once more under the grant.
enum class Answer : uint8_t { Unprotected, Exempt, Open, Deny, Granted, Auto, Request, Refuse };

// Sessions keep one for each command and relation, so it is kept small.
struct Decision {
    Answer answer = Answer::Refuse;
    UseCost cost = UseCost::Nothing;
    // Whether the answer is about the columns that are touched, and not about others.
    bool narrow = false;
    // The step that answered.
    uint8_t step = 0;
    // Of a policy of effect auto that refuses.
    Lack lack = Lack::Nothing;
    // The policy that governs the access; nullptr when none does.
    const Policy* policy = nullptr;
    int64_t grant_id = 0;
    // Until when the answer holds.
    TimestampTz until = DT_NOEND;
    // Rows that a statement may read and write under the grant; 0: no limit.
    int64_t max_rows = 0;
};

// Whether the access runs without a question to anybody.
inline bool Runs(const Decision* decision) {
    return decision->answer == Answer::Unprotected || decision->answer == Answer::Exempt || decision->answer == Answer::Open ||
           decision->answer == Answer::Granted;
}

// Which policies of effect auto match: those that have what they want, all, or none, as where something is asked for.
enum class Automatic : uint8_t { AsGiven, All, None };

// What a step reads and writes.
struct DecisionState {
    Oid subject;
    const GoverningPolicies* policies;
    Command command;
    const char* column;    // as in Access
    TouchedColumns touched;
    TimestampTz now;
    Decision* decision;
    bool may_be_exempt = true;
    // Whether it is about this session, whose client is known.
    bool knows_client = true;
    Claims claims = Claims::Own;
    Automatic automatic = Automatic::AsGiven;
    // Of the grant that answers.
    TimestampTz grant_ends_at = DT_NOEND;
    // The live grant under a policy, looked for once.
    const Policy* granting = nullptr;
    LiveGrant grant = {};
    // A policy of effect auto that does not match, so that the next one governs, and what it lacks beside its conditions.
    const Policy* passed_over = nullptr;
    Lack passed_over_lack = Lack::Nothing;
    // Whether it is about the statement under check, which exact grants ask.
    bool knows_statement = false;
};

struct DecisionStep {
    const char* name;
    // Answers the access, or returns false and leaves it to the next step.
    bool (*answer)(DecisionState*);
    // What a refusal by this step is told, where no grant would help.
    const char* (*why)(const Decision* decision, Oid subject, TimestampTz now) = nullptr;
    // What explain() says where the step goes on; or nullptr.
    const char* (*met)(const DecisionState*) = nullptr;
};

extern const DecisionStep decision_steps[];
extern const int decision_step_count;

// Why the step refused to the subject what no grant would help; nullptr for any other answer.
const char* WhyRefused(const Decision* decision, Oid subject);

// The decision that this backend's cache has, or nullptr.
const Decision* CachedDecision(GoverningPolicies* policies, Oid subject, Command command, const char* column = nullptr);

// Whether the subject has a grant on columns of the relation or another of its family, as FindGrantOnColumns tells it. That there is none is kept.
bool HasGrantOnColumns(GoverningPolicies* policies, Oid subject);

// column and touched: as in Access, here and below.
// Decides an access, or takes the decision from this backend's cache. Valid until the next call.
const Decision* Decide(GoverningPolicies* policies, Oid subject, Command command, const char* column = nullptr, const TouchedColumns& touched = {});

// The decision for somebody else than the subject, whose decisions are what the cache is for, and whose claims count for nobody else. knows_client:
// whether it is about this session's client.
Decision DecideFor(const GoverningPolicies* policies, Oid user, Command command, const char* column = nullptr, bool may_be_exempt = true,
                   bool knows_client = true, const TouchedColumns& touched = {});

// Whether the column, nullptr for all that are not decided about by themselves, is among those touched.
bool IsTouched(const GoverningPolicies* policies, const char* column, const TouchedColumns& touched);

// The column whose decision tells most about the command on what is touched, by default the whole relation: the first for which it does not run, or
// else the first that is governed.
const char* TellingColumn(const GoverningPolicies* policies, Oid user, Command command, bool knows_client, const TouchedColumns& touched = {});

// Whether some policy of the relation names the role as a trusted definer, whoever and whatever it is about.
bool MayTrustDefiner(const GoverningPolicies* policies, Oid definer);

// Whether every policy that wins for a relation of the family trusts the definer, or is open without a condition.
bool TrustsDefiner(const GoverningPolicies* policies, Oid subject, Command command, const char* column, Oid definer);

// The policy that governs the access, or nullptr: of the winners for each member of the family the strictest.
const Policy* GoverningPolicy(const GoverningPolicies* policies, Oid subject, Command command, const char* column = nullptr,
                              Automatic automatic = Automatic::All);

// Whether the access is monitored: decided and recorded, and let run whatever the decision is.
bool IsMonitored(const Decision* decision);

}    // namespace warrant
