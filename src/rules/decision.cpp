#include "pg/server.hpp"

#include <algorithm>

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "rules/automatic.hpp"
#include "rules/commands.hpp"
#include "rules/conditions/client_cidr.hpp"
#include "rules/conditions/hours.hpp"
#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

bool Answered(DecisionState* state, Answer answer) {
    state->decision->answer = answer;
    return true;
}

// The decision steps; decision_steps has their order. A condition of passing comes between "exempt" and "open", so that it is checked under
// open policies and grants alike.

struct Condition {
    bool (*stands_in)(const Policy*);
    // Whether it is met. Lowers how long the decision holds.
    bool (*is_met)(const Policy*, DecisionState*);
};

const char* AddressOfClient() { return client_address == nullptr ? "" : client_address(); }

// In the order of their steps.
const Condition conditions[] = {
    {[](const Policy* policy) { return policy->hours != nullptr; },
     [](const Policy* policy, DecisionState* state) { return AreOpen(policy->hours, state->now, &state->decision->until); }},
    {[](const Policy* policy) { return policy->networks != nullptr; },
     [](const Policy* policy, DecisionState* state) { return !state->knows_client || AreAround(policy->networks, AddressOfClient()); }},
};

const LiveGrant& GrantUnder(const Policy* policy, DecisionState* state) {
    if (state->granting != policy) {
        state->grant =
            FindGrant(state->subject, policy, state->policies, state->command, state->column, state->touched, state->now, state->knows_statement);
        state->granting = policy;
    }
    return state->grant;
}

// What the policy lacks beside its conditions. A live grant is enough, as long as it lives; nothing else lasts.
Lack LackNow(const Policy* policy, DecisionState* state) {
    const LiveGrant& grant = GrantUnder(policy, state);
    TimestampTz lasts = grant.id != 0 && grant.cost == UseCost::Nothing && !grant.narrow ? grant.ends_at : state->now;
    state->decision->until = std::min(state->decision->until, lasts);
    return grant.id != 0 ? Lack::Nothing : LackOf(policy, state->subject, state->command, state->claims, state->now);
}

// Whether the policy is one to go by: one of effect auto that cannot grant leaves the access to the next one.
bool Matches(const Policy* policy, DecisionState* state) {
    if (policy->effect != Effect::Auto || state->automatic != Automatic::AsGiven)
        return policy->effect != Effect::Auto || state->automatic == Automatic::All;
    bool met = true;
    for (const Condition& condition : conditions)
        met = met && (!condition.stands_in(policy) || condition.is_met(policy, state));
    Lack lack = met ? LackNow(policy, state) : Lack::Nothing;
    if (met && lack == Lack::Nothing)
        return true;
    state->passed_over = policy;
    state->passed_over_lack = lack;
    return false;
}

// Where nothing comes behind the policies of effect auto, one of them stays, and refuses.
const Policy* WinnerOf(const Member* member, DecisionState* state) {
    // How a policy is about the subject that touches the column.
    auto aim_of = [state](const Policy* policy) { return IsAbout(policy, state->column) ? AimAt(policy, state->subject) : Aim::Nobody; };
    auto aim_now = [state, aim_of](const Policy* policy) {
        Aim aim = aim_of(policy);
        return aim == Aim::Nobody || Matches(policy, state) ? aim : Aim::Nobody;
    };
    const Policy* winner = WinnerOf(&member->policies, state->command, aim_now);
    return winner != nullptr ? winner : WinnerOf(&member->policies, state->command, aim_of);
}

const Policy* StrictestOf(DecisionState* state) {
    const Policy* strictest = nullptr;
    for (int i = 0; i < state->policies->member_count; i++) {
        const Policy* winner = WinnerOf(&state->policies->members[i], state);
        if (winner != nullptr && (strictest == nullptr || IsStricter(winner, strictest)))
            strictest = winner;
    }
    return strictest;
}

bool AnyHas(const PolicyList* policies, const Condition& condition) {
    for (int i = 0; i < policies->count; i++)
        if (condition.stands_in(policies->items[i]))
            return true;
    return false;
}

// The policy whose condition is not met, one that only watches when there is no other. The winner of each member of the family is asked: the
// strictest policy does not speak for the others' conditions. One that only watches stops nothing that a stricter policy governs.
const Policy* UnmetPolicy(DecisionState* state, const Condition& condition) {
    const Policy *governing = state->decision->policy, *unmet = nullptr;
    if (governing->effect == Effect::Deny && !governing->monitor)
        return nullptr;
    for (int i = 0; i < state->policies->member_count; i++) {
        const Member* member = &state->policies->members[i];
        const Policy* winner = AnyHas(&member->policies, condition) ? WinnerOf(member, state) : nullptr;
        if (winner != nullptr && condition.stands_in(winner) && !condition.is_met(winner, state) && (unmet == nullptr || unmet->monitor))
            unmet = winner;
    }
    return unmet != nullptr && unmet->monitor && IsStricterByEffect(governing, unmet) ? nullptr : unmet;
}

// A policy that only watches answers with its condition where no other refuses for a later one.
template <int place>
bool UnmetRefuses(DecisionState* state) {
    const Policy* unmet = UnmetPolicy(state, conditions[place]);
    if (unmet == nullptr)
        return false;
    for (int later = place + 1; unmet->monitor && later < int(lengthof(conditions)); later++)
        if (const Policy* other = UnmetPolicy(state, conditions[later]); other != nullptr && !other->monitor)
            return false;
    state->decision->policy = unmet;
    return Answered(state, Answer::Refuse);
}

// Who is exempt runs whatever a policy has been given, so nothing is looked up for him.
bool FindPolicy(DecisionState* state) {
    if (state->may_be_exempt && IsExempt(state->subject))
        state->automatic = Automatic::All;
    state->decision->policy = StrictestOf(state);
    return state->decision->policy == nullptr && Answered(state, Answer::Unprotected);
}

bool ExemptRuns(DecisionState* state) { return state->may_be_exempt && IsExempt(state->subject) && Answered(state, Answer::Exempt); }

const char* OpenUntil(const DecisionState* state) {
    const Hours* hours = state->decision->policy->hours;
    TimestampTz until = DT_NOEND;
    if (hours == nullptr || !AreOpen(hours, state->now, &until))
        return nullptr;
    return until == DT_NOEND ? TextOf(hours) : psprintf("%s, at least until %s", TextOf(hours), timestamptz_to_str(until));
}

const char* WhyElsewhere(const Decision* decision, Oid, TimestampTz) {
    const char* address = AddressOfClient();
    const char* where = address[0] == '\0'                ? "this process has none"
                        : strcmp(address, "[local]") == 0 ? "this one is on the server's own machine"
                                                          : psprintf("this one is at %s", address);
    return psprintf("clients pass from %s alone, and %s", TextOf(decision->policy->networks), where);
}

const char* ClientAround(const DecisionState* state) {
    const Networks* networks = state->decision->policy->networks;
    if (networks == nullptr)
        return nullptr;
    return psprintf("from %s%s", TextOf(networks), state->knows_client ? "" : " alone; where the role's client is, is not known here");
}

bool OpenRuns(DecisionState* state) { return state->decision->policy->effect == Effect::Open && Answered(state, Answer::Open); }

bool DenyRefuses(DecisionState* state) { return state->decision->policy->effect == Effect::Deny && Answered(state, Answer::Deny); }

bool GrantRuns(DecisionState* state) {
    const LiveGrant& grant = GrantUnder(state->decision->policy, state);
    if (grant.id == 0)
        return false;
    exact_grant_serves |= grant.exact;
    state->decision->grant_id = grant.id;
    state->decision->cost = grant.cost;
    state->decision->narrow = grant.narrow;
    state->decision->max_rows = grant.max_rows;
    state->grant_ends_at = grant.ends_at;
    if (grant.ends_at < state->decision->until)
        state->decision->until = grant.ends_at;
    return Answered(state, Answer::Granted);
}

bool AutoGrants(DecisionState* state) {
    const Policy* policy = state->decision->policy;
    if (policy->effect != Effect::Auto)
        return false;
    state->decision->lack = LackNow(policy, state);
    return Answered(state, state->decision->lack == Lack::Nothing ? Answer::Auto : Answer::Refuse);
}

const char* GrantedLater(const DecisionState* state) {
    GrantAhead ahead = FindGrantAhead(state->subject, state->decision->policy, state->policies, state->command, state->now);
    return ahead.id == 0 ? nullptr : psprintf("grant %lld begins at %s", (long long)ahead.id, timestamptz_to_str(ahead.starts_at));
}

bool ApproveAsks(DecisionState* state) { return state->decision->policy->effect == Effect::Approve && Answered(state, Answer::Request); }

bool NothingElseRuns(DecisionState* state) { return Answered(state, Answer::Refuse); }

void Evaluate(DecisionState* state) {
    uint8_t& step = state->decision->step;
    for (step = 0; step < decision_step_count; step++)
        if (decision_steps[step].answer(state))
            return;
}

// Whether the decision lasts: refusals are asked anew each time, because a grant may start any moment, and so are uses, because each may be the last.
// Where rows are limited, each statement counts its own.
bool IsKept(const Decision* decision) { return Runs(decision) && decision->cost == UseCost::Nothing && !decision->narrow && decision->max_rows == 0; }

// The generation is noted before anything is read: what changes meanwhile makes the decision one of a past generation.
void PrepareDecisions(GoverningPolicies* policies, Oid subject) {
    static bool superusers_gated = false;
    if (superusers_gated != settings.enforce_superuser)
        decision_generation++;
    superusers_gated = settings.enforce_superuser;
    static int instance_changes = 0;
    if (instance_changes != settings.instance_changes)    // whether grants live depends on its name
        decision_generation++;
    instance_changes = settings.instance_changes;
    if (policies->generation == decision_generation && policies->subject == subject)
        return;
    policies->generation = decision_generation;
    policies->subject = subject;
    policies->decided = 0;
    policies->no_grant_on_columns = false;
    for (int i = 0; i < policies->column_count; i++)
        policies->columns[i].decided = 0;
    if (policies->decisions == nullptr && policies->context != nullptr)
        policies->decisions =
            static_cast<Decision**>(MemoryContextAllocZero(policies->context, (1 + policies->column_count) * command_count * sizeof(Decision*)));
}

// Where the decisions about a column stand.
struct KeptDecisions {
    CommandMask* decided;
    Decision** decisions;
};

// A name that no policy has any more leads to the decisions of the relation itself.
KeptDecisions KeptFor(GoverningPolicies* policies, const char* column) {
    for (int i = 0; i < policies->column_count && column != nullptr; i++)
        if (strcmp(NameStr(policies->columns[i].name), column) == 0)
            return KeptDecisions{&policies->columns[i].decided, policies->decisions + (1 + i) * command_count};
    return KeptDecisions{&policies->decided, policies->decisions};
}

}    // namespace

// clang-format off
const DecisionStep decision_steps[] = {
    {"policy", FindPolicy}, {"exempt", ExemptRuns},
    {"hours", UnmetRefuses<0>, [](const Decision* decision, Oid, TimestampTz now) { return WhyClosed(decision->policy->hours, now); }, OpenUntil},
    {"client_cidr", UnmetRefuses<1>, WhyElsewhere, ClientAround},
    {"open", OpenRuns},     {"deny", DenyRefuses}, {"grant", GrantRuns, nullptr, GrantedLater},
    {"auto", AutoGrants, [](const Decision* decision, Oid subject, TimestampTz now) { return WordsFor(decision->lack, decision->policy, subject, now); }},
    {"approve", ApproveAsks},
    {"otherwise", NothingElseRuns, [](const Decision*, Oid, TimestampTz) { return "its effect is none that this release knows"; }},
};
// clang-format on
const int decision_step_count = lengthof(decision_steps);

const char* WhyRefused(const Decision* decision, Oid subject) {
    auto why = decision->answer == Answer::Refuse && decision->policy != nullptr ? decision_steps[decision->step].why : nullptr;
    return why == nullptr ? nullptr : why(decision, subject, MonotonicNow());
}

const Policy* GoverningPolicy(const GoverningPolicies* policies, Oid subject, Command command, const char* column, Automatic automatic) {
    Decision nothing;
    DecisionState state = {subject, policies, command, column, {}, DT_NOBEGIN, &nothing};
    state.automatic = automatic;
    return StrictestOf(&state);
}

// The strictest policy for the command, whomever it is about.
static const Policy* StrictestOf(const GoverningPolicies* policies, Command command, const char* column) {
    const Policy* strictest = nullptr;
    for (int i = 0; i < policies->member_count; i++)
        for (int j = 0; j < policies->members[i].policies.count; j++) {
            const Policy* policy = policies->members[i].policies.items[j];
            if ((policy->commands & MaskOf(command)) != 0 && IsAbout(policy, column) && (strictest == nullptr || IsStricter(policy, strictest)))
                strictest = policy;
        }
    return strictest;
}

bool MayTrustDefiner(const GoverningPolicies* policies, Oid definer) {
    for (int i = 0; i < policies->member_count; i++)
        for (int j = 0; j < policies->members[i].policies.count; j++)
            if (TrustsDefiner(policies->members[i].policies.items[j], definer))
                return true;
    return false;
}

bool TrustsDefiner(const GoverningPolicies* policies, Oid subject, Command command, const char* column, Oid definer) {
    Decision nothing;
    DecisionState state = {subject, policies, command, column, {}, MonotonicNow(), &nothing};
    state.claims = subject == CurrentSubject() ? Claims::Own : Claims::OfSomebodyElse;
    for (int i = 0; i < policies->member_count; i++) {
        const Policy* winner = WinnerOf(&policies->members[i], &state);
        if (winner != nullptr && (winner->effect != Effect::Open || HasCondition(winner)) && !TrustsDefiner(winner, definer))
            return false;
    }
    return policies->known_kind;
}

const Decision* CachedDecision(GoverningPolicies* policies, Oid subject, Command command, const char* column) {
    PrepareDecisions(policies, subject);
    KeptDecisions kept = KeptFor(policies, column);
    if ((*kept.decided & MaskOf(command)) == 0)
        return nullptr;
    const Decision* cached = kept.decisions[int(command)];
    return cached->until == DT_NOEND || MonotonicNow() < cached->until ? cached : nullptr;
}

bool HasGrantOnColumns(GoverningPolicies* policies, Oid subject) {
    PrepareDecisions(policies, subject);
    if (!policies->no_grant_on_columns)
        policies->no_grant_on_columns = !FindGrantOnColumns(subject, policies);
    return !policies->no_grant_on_columns;
}

Decision DecideFor(const GoverningPolicies* policies, Oid user, Command command, const char* column, bool may_be_exempt, bool knows_client,
                   const TouchedColumns& touched) {
    Decision decision;
    DecisionState state = {user, policies, command, column, touched, MonotonicNow(), &decision, may_be_exempt, knows_client};
    state.claims = knows_client ? Claims::OfSomebodyElse : Claims::Unknown;
    if (!OidIsValid(user))    // whose rights it runs with cannot be told
        decision.policy = StrictestOf(policies, command, column);
    if (!OidIsValid(user) && decision.policy == nullptr && policies->known_kind)
        decision.answer = Answer::Unprotected;
    else if (OidIsValid(user) && (policies->known_kind || IsExempt(user)))
        Evaluate(&state);
    return decision;
}

// Whether the column is touched, or, with nullptr, what is not decided about by itself.
bool IsTouched(const GoverningPolicies* policies, const char* column, const TouchedColumns& touched) {
    bool touches = column == nullptr && TouchesOthers(policies, touched);
    for (int i = 0; i < policies->column_count && column != nullptr && !touches; i++)
        touches = strcmp(NameStr(policies->columns[i].name), column) == 0 && Touches(policies->columns[i], touched);
    return touches;
}

const char* TellingColumn(const GoverningPolicies* policies, Oid user, Command command, bool knows_client, const TouchedColumns& touched) {
    const char* telling = nullptr;
    bool governed = false;
    (void)AllColumns(policies, [&](const char* column) {
        if (!IsTouched(policies, column, touched))
            return true;
        Decision decision = DecideFor(policies, user, command, column, true, knows_client, touched);
        bool runs = Runs(&decision);
        if (!runs || (!governed && decision.policy != nullptr))
            telling = column;
        governed = governed || decision.policy != nullptr;
        return runs;
    });
    return telling;
}

const Decision* Decide(GoverningPolicies* policies, Oid subject, Command command, const char* column, const TouchedColumns& touched) {
    static const Decision unprotected = {.answer = Answer::Unprotected};
    static Decision passing;
    if (policies->member_count == 0 && policies->known_kind)
        return &unprotected;
    if (const Decision* cached = CachedDecision(policies, subject, command, column))
        return cached;
    passing = Decision{};
    DecisionState state = {subject, policies, command, column, touched, MonotonicNow(), &passing};
    state.knows_statement = true;
    if (policies->known_kind || IsExempt(subject))
        Evaluate(&state);
    if (policies->decisions == nullptr || !IsKept(&passing))
        return &passing;
    KeptDecisions kept = KeptFor(policies, column);
    Decision*& place = kept.decisions[int(command)];
    if (place == nullptr)
        place = static_cast<Decision*>(MemoryContextAlloc(policies->context, sizeof(Decision)));
    *place = passing;
    *kept.decided |= MaskOf(command);
    return place;
}

bool IsMonitored(const Decision* decision) {
    return settings.enforcement == int(Enforcement::Monitor) || (decision->policy != nullptr && decision->policy->monitor);
}

}    // namespace warrant
