#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governance.hpp"
#include "rules/grants.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

bool Answered(Question* question, Answer answer) {
    question->decision->answer = answer;
    return true;
}

const Policy* WinnerOf(const Member* member, Oid subject, Command command) {
    return WinnerOf(&member->policies, command, [subject](const Policy* policy) { return AimAt(policy, subject); });
}

// Steps 0 to 2 are the gate's: they need no object. Conditions of passing will stand between exempt and open.

bool FindPolicy(Question* question) {
    question->decision->policy = GoverningPolicy(question->governance, question->subject, question->command);
    return question->decision->policy == nullptr && Answered(question, Answer::Unprotected);
}

bool ExemptRuns(Question* question) { return IsExempt(question->subject) && Answered(question, Answer::Exempt); }

bool OpenRuns(Question* question) {
    return question->decision->policy->effect == Effect::Open && Answered(question, Answer::Open);
}

bool DenyRefuses(Question* question) {
    return question->decision->policy->effect == Effect::Deny && Answered(question, Answer::Deny);
}

bool GrantRuns(Question* question) {
    LiveGrant grant = FindGrant(question->subject, question->decision->policy, question->governance, question->command, question->now);
    if (grant.id == 0)
        return false;
    question->decision->grant_id = grant.id;
    question->decision->price = grant.price;
    question->decision->until = grant.ends_at;
    return Answered(question, Answer::Granted);
}

bool ApproveAsks(Question* question) {
    return question->decision->policy->effect == Effect::Approve && Answered(question, Answer::Request);
}

bool NothingElseRuns(Question* question) { return Answered(question, Answer::Refuse); }

void Evaluate(Question* question) {
    for (int i = 0; i < decision_step_count; i++)
        if (decision_steps[i].answer(question))
            return;
}

// Keeps what lasts: refusals are asked anew each time, because a grant may start any moment, and so are uses, because each may be the last.
bool IsKept(const Decision* decision) { return Runs(decision) && decision->price == Price::Nothing; }

// The generation is noted before anything is read: what changes meanwhile makes the decision a past generation's.
void PrepareDecisions(Governance* governance, Oid subject) {
    static bool superusers_gated = false;
    if (superusers_gated != settings.enforce_superuser)
        decision_generation++;
    superusers_gated = settings.enforce_superuser;
    static int instance_changes = 0;
    if (instance_changes != settings.instance_changes)    // grants live or do not by its name
        decision_generation++;
    instance_changes = settings.instance_changes;
    if (governance->generation == decision_generation && governance->subject == subject)
        return;
    governance->generation = decision_generation;
    governance->subject = subject;
    governance->decided = 0;
    if (governance->decisions == nullptr && governance->context != nullptr)
        governance->decisions =
            static_cast<Decision*>(MemoryContextAllocZero(governance->context, command_count * sizeof(Decision)));
}

}    // namespace

const Step decision_steps[] = {
    {"policy", FindPolicy}, {"exempt", ExemptRuns}, {"open", OpenRuns},          {"deny", DenyRefuses},
    {"grant", GrantRuns},   {"approve", ApproveAsks}, {"otherwise", NothingElseRuns},
};
const int decision_step_count = lengthof(decision_steps);

const Policy* GoverningPolicy(const Governance* governance, Oid subject, Command command) {
    return StrictestOf(governance->members, governance->member_count, command,
                       [subject](const Policy* policy) { return AimAt(policy, subject); });
}

// Whomever it is about.
static const Policy* StrictestOf(const Governance* governance, Command command) {
    const Policy* strictest = nullptr;
    for (int i = 0; i < governance->member_count; i++)
        for (int j = 0; j < governance->members[i].policies.count; j++) {
            const Policy* policy = governance->members[i].policies.items[j];
            if ((policy->commands & MaskOf(command)) != 0 && (strictest == nullptr || IsStricter(policy, strictest)))
                strictest = policy;
        }
    return strictest;
}

bool MayTrustDefiner(const Governance* governance, Oid definer) {
    for (int i = 0; i < governance->member_count; i++)
        for (int j = 0; j < governance->members[i].policies.count; j++)
            if (TrustsDefiner(governance->members[i].policies.items[j], definer))
                return true;
    return false;
}

bool TrustsDefiner(const Governance* governance, Oid subject, Command command, Oid definer) {
    for (int i = 0; i < governance->member_count; i++) {
        const Policy* winner = WinnerOf(&governance->members[i], subject, command);
        if (winner != nullptr && winner->effect != Effect::Open && !TrustsDefiner(winner, definer))
            return false;
    }
    return governance->known_kind;
}

const Decision* KeptDecision(Governance* governance, Oid subject, Command command) {
    PrepareDecisions(governance, subject);
    if ((governance->decided & MaskOf(command)) == 0)
        return nullptr;
    const Decision* kept = &governance->decisions[int(command)];
    return kept->answer != Answer::Granted || MonotonicNow() < kept->until ? kept : nullptr;
}

Decision DecideFor(const Governance* governance, Oid user, Command command) {
    Decision decision = {Answer::Refuse, Price::Nothing, nullptr, 0, DT_NOEND};
    Question question = {user, governance, command, MonotonicNow(), &decision};
    if (!OidIsValid(user))    // whose rights it runs with cannot be told
        decision.policy = StrictestOf(governance, command);
    if (!OidIsValid(user) && decision.policy == nullptr && governance->known_kind)
        decision.answer = Answer::Unprotected;
    else if (OidIsValid(user) && (governance->known_kind || IsExempt(user)))
        Evaluate(&question);
    return decision;
}

const Decision* Decide(Governance* governance, Oid subject, Command command) {
    static const Decision unprotected = {Answer::Unprotected, Price::Nothing, nullptr, 0, DT_NOEND};
    static Decision passing;
    if (governance->member_count == 0 && governance->known_kind)
        return &unprotected;
    if (const Decision* kept = KeptDecision(governance, subject, command))
        return kept;
    passing = Decision{Answer::Refuse, Price::Nothing, nullptr, 0, DT_NOEND};
    Question question = {subject, governance, command, MonotonicNow(), &passing};
    if (governance->known_kind || IsExempt(subject))
        Evaluate(&question);
    if (governance->decisions == nullptr || !IsKept(&passing))
        return &passing;
    governance->decisions[int(command)] = passing;
    governance->decided |= MaskOf(command);
    return &governance->decisions[int(command)];
}

bool IsMonitored(const Decision* decision) {
    return settings.enforcement == int(Enforcement::Monitor) || (decision->policy != nullptr && decision->policy->monitor);
}

}    // namespace warrant
