// explain(): a decision in SQL, step by step; decision_now() and decisions_now(), for many of them.
#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/words.hpp"
#include "rules/approvers.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/privileges.hpp"
#include "rules/subject.hpp"
#include "functions/answers.hpp"
#include "functions/asked.hpp"

namespace warrant {

// Why no request can be filed here whatever is asked, or nullptr.
static const char* WhyUnfiled() {
    return RecoveryInProgress() ? "This is a standby."
           : AreAtHome()        ? nullptr
                                : "This database is a copy, where nobody decides until warrant.adopt().";
}

const char* WhyNotAsked(const Decision* decision, Command command, bool of_query) {
    if (decision->answer != Answer::Request && decision->answer != Answer::Auto)
        return nullptr;
    if (const char* why = WhyUnfiled())
        return why;
    if (decision->answer == Answer::Auto)
        return nullptr;
    if (decision->policy->exact && !(of_query && (commands_of_queries & MaskOf(command)) != 0))
        return "The policy approves single statements alone, and this is none. An administrator can alter it.";
    if (!decision->policy->files_nothing)
        return nullptr;
    return decision->policy->exact ? "Only warrant.request_statement asks for it." : "Only warrant.request asks for it.";
}

const char* WordFor(Answer answer, const char* not_asked) {
    switch (answer) {
        case Answer::Unprotected: return "run: not protected";
        case Answer::Exempt: return "run: exempt";
        case Answer::Open: return "run: open";
        case Answer::Deny: return "refuse: denied";
        case Answer::Granted: return "run: granted";
        case Answer::Auto: return not_asked == nullptr ? "run: a grant is made" : "refuse: no grant is made";
        case Answer::Request: return not_asked == nullptr ? "refuse: a request is filed" : "refuse: no request is filed";
        case Answer::Refuse: return "refuse";
    }
    return "refuse";
}

bool IsOnlyWatched(const Decision* decision) { return !Runs(decision) && IsMonitored(decision); }

namespace {

// ", for column a", of those that were asked for the ones that this is about; "" where none was.
const char* ForColumns(const DecisionState* state) {
    if (state->column != nullptr)
        return psprintf(", for column %s", quote_identifier(state->column));
    bool others = TouchesOthers(state->policies, state->touched);
    StringInfoData names;
    initStringInfo(&names);
    int count = 0;
    for (int member = -1; !state->touched.all && (member = bms_next_member(state->touched.some, member)) >= 0;) {
        if (others && !TouchesOthers(state->policies, TouchedColumns{false, bms_make_singleton(member)}))
            continue;    // decided about by itself
        const char* name = get_attname(state->policies->relation, AttrNumber(member + FirstLowInvalidHeapAttributeNumber), false);
        appendStringInfo(&names, "%s%s", count++ == 0 ? "" : ", ", quote_identifier(name));
    }
    return count == 0 ? "" : psprintf(", for column%s %s", count == 1 ? "" : "s", names.data);
}

const char* PolicyInWords(const Policy* policy) {
    if (policy == nullptr)
        return "no policy matches";
    const char* words = psprintf("policy %s", Shown(policy->name));
    return policy->label == nullptr ? words : psprintf("%s, on label %s", words, policy->label);
}

// The policy of effect auto that would have come first.
const char* PassedOver(const DecisionState* state) {
    const Policy* policy = state->passed_over;
    if (policy == nullptr || policy == state->decision->policy || !Beats(policy, state->decision->policy))
        return "";
    const char* why = WordsFor(state->passed_over_lack, policy, state->subject, state->now);
    return psprintf("; policy %s does not match: %s", Shown(policy->name), why == nullptr ? "a condition of it is not met" : why);
}

const char* DetailOf(const DecisionState* state, const DecisionStep* asked, bool answered) {
    const char* step = asked->name;
    const Decision* decision = state->decision;
    if (answered && IsOnlyWatched(decision))
        return psprintf("audited as %s: %s", decision->answer == Answer::Auto ? "allowed, and no grant is made" : "would_refuse",
                        settings.enforcement == int(Enforcement::Monitor) ? "pg_warrant.enforcement is monitor" : "the policy's mode is monitor");
    if (const char* why = answered ? WhyNotAsked(decision, state->command, true) : nullptr)
        return why;
    if (const char* why = answered ? WhyRefused(decision, state->subject) : nullptr)
        return why;
    if (strcmp(step, "grant") == 0 && !answered && missed_grant.id != 0)
        return psprintf("grant %lld is for exactly one statement", (long long)missed_grant.id);
    if (!answered && asked->met != nullptr)
        return asked->met(state);
    if (strcmp(step, "policy") == 0)
        return psprintf("%s%s%s", PolicyInWords(decision->policy), ForColumns(state), PassedOver(state));
    if (answered && decision->answer == Answer::Auto)
        return psprintf("for %s%s%s", InWords(decision->policy->default_duration_us),
                        decision->policy->require_reason && state->claims == Claims::Unknown ? ", to whoever gives a reason" : "",
                        decision->policy->ticket_pattern != nullptr && state->claims == Claims::Unknown ? ", to whoever gives a ticket" : "");
    if (strcmp(step, "grant") == 0 && decision->grant_id != 0)
        return psprintf("grant %lld until %s%s%s", (long long)decision->grant_id, timestamptz_to_str(state->grant_ends_at),
                        decision->cost == UseCost::Nothing ? "" : psprintf(", uses left: %d", UsesLeft(decision->grant_id)),
                        decision->max_rows == 0 ? "" : psprintf(", rows a statement: %lld", (long long)decision->max_rows));
    if (strcmp(step, "approve") != 0)
        return nullptr;
    const char* why = WhyUndecidable(decision->policy, state->subject);
    return !answered || !decision->policy->exact ? why
                                                 : psprintf("for exactly one statement%s%s", why == nullptr ? "" : ". ", why == nullptr ? "" : why);
}

// Puts a row of explain().
void PutAnswer(ReturnSetInfo* result, int number, const char* rule, const char* answer, const char* detail) {
    Datum values[4] = {Int32GetDatum(number), CStringGetTextDatum(rule), CStringGetTextDatum(answer),
                       detail == nullptr ? Datum(0) : CStringGetTextDatum(detail)};
    bool nulls[4] = {false, false, false, detail == nullptr};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

void PutStep(ReturnSetInfo* result, int number, const DecisionStep* step, bool answered, const DecisionState* state) {
    const char* answer = !answered                        ? "goes on"
                         : IsOnlyWatched(state->decision) ? "run: only watched"
                                                          : WordFor(state->decision->answer, WhyNotAsked(state->decision, state->command, true));
    PutAnswer(result, number, step->name, answer, DetailOf(state, step, answered));
}

// Why the role lacks the server's privilege, or nullptr. ADMIN is many things, so no single privilege stands before it.
const char* WhyLacking(Oid role, Oid relation, Command command, const Bitmapset* columns) {
    if (command == Command::Create) {
        Oid schema = get_rel_namespace(relation);
        return MayCreateSomewhere(RolesOf(role), schema) ? nullptr : psprintf("permission denied for schema %s", get_namespace_name(schema));
    }
    return command == Command::Admin || ReachesRelation(role, relation, command, columns) ? nullptr : WordsForLacking(relation, command);
}

// Puts what comes first: the server's own privileges, then whether the gate is on. False when that decides already.
bool PutWhatComesFirst(ReturnSetInfo* result, Oid role, Oid relation, Command command, const Bitmapset* columns) {
    const char* lacking = WhyLacking(role, relation, command, columns);
    PutAnswer(result, 1, "privileges", lacking == nullptr ? "goes on" : "refuse: permission denied", lacking);
    if (lacking == nullptr && GateIsOff())
        PutAnswer(result, 2, "enforcement", "run: the gate is off", "pg_warrant.enforcement is off, and nothing is audited");
    return lacking == nullptr && !GateIsOff();
}

// The command of a word that is one command, no group.
Command CommandNamed(const char* word) {
    CommandMask mask = ParseCommand(word);
    if (mask == 0 || mask != MaskOf(FirstOf(mask)))
        ereport(ERROR, (errcode(error_bad_argument), errmsg("unknown command \"%s\"", word), errhint("Name one command, not a group.")));
    return FirstOf(mask);
}

// The answer in a word or two, also for what is only watched.
const char* ShortWordFor(const Decision* decision) {
    bool watched = IsOnlyWatched(decision);
    switch (decision->answer) {
        case Answer::Unprotected: return "free";
        case Answer::Exempt: return "exempt";
        case Answer::Open: return "open";
        case Answer::Granted: return "granted";
        case Answer::Auto: return "auto";
        case Answer::Request: return watched ? "would ask" : "asks";
        default: return watched ? "would deny" : "denied";
    }
}

// What governs a command on an object: a relation, for CREATE a schema, for ADMIN the database, whatever the object.
const GoverningPolicies* GoverningPoliciesOf(Oid role, Oid object, Command command) {
    switch (command) {
        case Command::Admin: return ReadDatabaseGoverningPolicies(role);
        case Command::Create: return ReadSchemaGoverningPolicies(object);
        default: return FindGoverningPolicies(object);
    }
}

// The columns of an array of names: raises 22023 for what a policy could not have either, 42703 for one that the relation does not have.
TouchedColumns ColumnsIn(ArrayType* array, Oid relation, Command command, const char* word) {
    constexpr int most_columns = 100;
    if (!IsOnColumns(command))
        ereport(ERROR, (errcode(error_bad_argument), errmsg("%s is not about columns", word),
                        errhint("SELECT, EXPORT, INSERT, UPDATE and UPDATE_ALL are.")));
    Datum* names;
    bool* nulls;
    int count;
    deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &count);
    if (ARR_NDIM(array) != 1)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("columns must not be empty"), errhint("NULL is the whole table.")));
    Bitmapset* some = nullptr;
    for (int i = 0; i < count; i++) {
        if (nulls[i] || count > most_columns)
            ereport(ERROR, (errcode(error_bad_argument), errmsg("columns has at most %d names, none of them NULL", most_columns)));
        AttrNumber number = get_attnum(relation, NameStr(*DatumGetName(names[i])));
        if (number <= 0)
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                            errmsg("column \"%s\" of %s does not exist", NameStr(*DatumGetName(names[i])), get_rel_name(relation))));
        some = bms_add_member(some, number - FirstLowInvalidHeapAttributeNumber);
    }
    return TouchedColumns{false, some};
}

// The columns that the log has, of which some may be gone. What ends with NULL has had more names than there was room for.
TouchedColumns ColumnsSeen(ArrayType* array, Oid relation) {
    Datum* names;
    bool* nulls;
    int count;
    deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &count);
    Bitmapset* some = nullptr;
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            return TouchedColumns{};
        AttrNumber number = get_attnum(relation, NameStr(*DatumGetName(names[i])));
        if (number > 0)
            some = bms_add_member(some, number - FirstLowInvalidHeapAttributeNumber);
    }
    return some == nullptr ? TouchedColumns{} : TouchedColumns{false, some};
}

void RequireTarget(bool is_null, Command command) {
    if (!is_null)
        return;
    ereport(ERROR, (errcode(error_bad_argument), errmsg("target must not be NULL"),
                    command == Command::Create ? errhint("CREATE is explained for the schema of the table that is named.") : 0));
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// explain(command text, target regclass) and explain(role regrole, command text, target regclass, columns name[]) -> (step, rule, answer, detail):
// the decision for who asks, or for the role, step by step. target may be NULL for ADMIN, and columns for the whole of it.
WARRANT_FUNCTION(warrant_explain) {
    int first = PG_NARGS() > 2 ? 1 : 0;
    for (int i = 0; i <= first; i++)
        if (PG_ARGISNULL(i))
            ereport(ERROR, (errcode(error_bad_argument), errmsg("arguments must not be NULL")));
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    Oid role = first > 0 ? PG_GETARG_OID(0) : WhoAsks();
    const char* word = TextDatumGetCString(PG_GETARG_DATUM(first));
    Command command = CommandNamed(word);
    bool nowhere = PG_ARGISNULL(first + 1);
    RequireTarget(nowhere && command != Command::Admin, command);
    Oid target = nowhere ? InvalidOid : PG_GETARG_OID(first + 1);
    if (!nowhere)
        RequireRelation(target);
    TouchedColumns touched;
    if (int place = first + 2; PG_NARGS() > place && !PG_ARGISNULL(place))
        touched = ColumnsIn(PG_GETARG_ARRAYTYPE_P(place), target, command, word);
    InitMaterializedSRF(fcinfo, 0);
    Decision decision;
    const GoverningPolicies* policies = GoverningPoliciesOf(role, command == Command::Create ? get_rel_namespace(target) : target, command);
    bool knows_client = role == WhoAsks();
    DecisionState state = {role,    policies,       command,  TellingColumn(policies, role, command, knows_client, touched),
                           touched, MonotonicNow(), &decision};
    state.knows_client = knows_client;
    state.claims = knows_client ? Claims::Own : Claims::Unknown;
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    missed_grant = MissedGrant{};
    bool holds = PutWhatComesFirst(result, role, target, command, touched.some);
    for (int i = 0; i < decision_step_count && holds; i++) {
        decision.step = uint8_t(i);
        bool answered = decision_steps[i].answer(&state);
        PutStep(result, i + 2, &decision_steps[i], answered, &state);
        if (answered)
            break;
    }
    PG_RETURN_VOID();
}

// decision_now(role oid, command text, object oid) -> (answer, policy_id): how the gate would decide now for a role that holds the server's
// privileges, and which policy governs. The object is a relation, for CREATE a schema. Raises 22023 for an unknown command.
WARRANT_FUNCTION(warrant_decision_now) {
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    Oid role = PG_GETARG_OID(0);
    Command command = CommandNamed(TextDatumGetCString(PG_GETARG_DATUM(1)));
    const GoverningPolicies* policies = GoverningPoliciesOf(role, PG_GETARG_OID(2), command);
    Decision decision = DecideFor(policies, role, command, TellingColumn(policies, role, command, false), true, false);
    TupleDesc columns;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("a row is expected where there is none")));
    Datum values[2] = {CStringGetTextDatum(ShortWordFor(&decision)), decision.policy == nullptr ? Datum(0) : Int64GetDatum(decision.policy->id)};
    bool nulls[2] = {false, decision.policy == nullptr};
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

// decisions_now(role oid, command text, object oid, columns name[]) -> (answer, policy_id, column_name): the same for each column that was touched
// and is decided about by itself, and, with no name, for what is not. columns may be NULL for the whole object.
WARRANT_FUNCTION(warrant_decisions_now) {
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    InitMaterializedSRF(fcinfo, 0);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
        PG_RETURN_VOID();
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Oid role = PG_GETARG_OID(0), object = PG_GETARG_OID(2);
    Command command = CommandNamed(TextDatumGetCString(PG_GETARG_DATUM(1)));
    const GoverningPolicies* policies = GoverningPoliciesOf(role, object, command);
    TouchedColumns touched = PG_ARGISNULL(3) ? TouchedColumns{} : ColumnsSeen(PG_GETARG_ARRAYTYPE_P(3), object);
    (void)AllColumns(policies, [&](const char* column) {
        if (!IsTouched(policies, column, touched))
            return true;
        Decision decision = DecideFor(policies, role, command, column, true, false, touched);
        NameData name = {};
        if (column != nullptr)
            namestrcpy(&name, column);
        Datum values[3] = {CStringGetTextDatum(ShortWordFor(&decision)), decision.policy == nullptr ? Datum(0) : Int64GetDatum(decision.policy->id),
                           NameGetDatum(&name)};
        bool nulls[3] = {false, decision.policy == nullptr, column == nullptr};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        return true;
    });
    PG_RETURN_VOID();
}
