// The decision for one access: the steps in their order, the first that answers wins.
#pragma once

#include "pg/server.hpp"

#include "rules/governance.hpp"
#include "rules/uses.hpp"

namespace warrant {

enum class Answer : uint8_t { Unprotected, Exempt, Open, Deny, Granted, Request, Refuse };

struct Decision {
    Answer answer;
    Price price;
    const Policy* policy;      // that governs the access; NULL when none does
    int64_t grant_id;
    TimestampTz until;         // the answer holds no longer
};

// Runs without a question to anybody.
inline bool Runs(const Decision* decision) {
    return decision->answer == Answer::Unprotected || decision->answer == Answer::Exempt || decision->answer == Answer::Open ||
           decision->answer == Answer::Granted;
}

// What a step reads and writes.
struct Question {
    Oid subject;
    const Governance* governance;
    Command command;
    TimestampTz now;
    Decision* decision;
};

struct Step {
    const char* name;
    bool (*answer)(Question*);      // true: the decision is made
};

extern const Step decision_steps[];
extern const int decision_step_count;

// The decision that this backend's cache has, or nullptr.
const Decision* KeptDecision(Governance* governance, Oid subject, Command command);

// The decision, from this backend's cache when it is there. Valid until the next call.
const Decision* Decide(Governance* governance, Oid subject, Command command);

// The decision for somebody else than the subject, whose decisions are what the cache is for.
Decision DecideFor(const Governance* governance, Oid user, Command command);

// Whether some policy of the relation names the role as a trusted definer, whoever and whatever it is about.
bool MayTrustDefiner(const Governance* governance, Oid definer);

// Whether every policy that wins for a relation of the family trusts the definer, or is open.
bool TrustsDefiner(const Governance* governance, Oid subject, Command command, Oid definer);

// The policy that governs the access, or NULL: the strictest over the family of each member's winner.
const Policy* GoverningPolicy(const Governance* governance, Oid subject, Command command);

// It is decided and recorded, and runs whatever the decision is.
bool IsMonitored(const Decision* decision);

}    // namespace warrant
