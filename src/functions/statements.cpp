// Statements before they run: needs() and request_statement().
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "queue/actions.hpp"
#include "queue/audit_columns.hpp"
#include "queue/origin.hpp"
#include "queue/rate.hpp"
#include "queue/shared.hpp"
#include "statement/statement_record.hpp"
#include "gate/access/access.hpp"
#include "gate/access/analysis.hpp"
#include "gate/access/planning.hpp"
#include "gate/check/check.hpp"
#include "gate/check/committed_items.hpp"
#include "gate/check/estimate.hpp"
#include "gate/check/identity.hpp"
#include "gate/check/privileges.hpp"
#include "gate/check/refusal.hpp"
#include "gate/utility/utility.hpp"
#include "functions/actions.hpp"
#include "functions/answers.hpp"

namespace warrant {

namespace {

constexpr int most_text_bytes = 100000;

const char* RequireText(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0))
        ereport(ERROR, (errcode(error_bad_argument), errmsg("sql must not be NULL")));
    const char* sql = TextDatumGetCString(PG_GETARG_DATUM(0));
    if (strlen(sql) > size_t(most_text_bytes))
        ereport(ERROR, (errcode(error_too_large), errmsg("sql must not be longer than %d bytes", most_text_bytes)));
    return sql;
}

[[noreturn]] void RefuseCommand(const Node* utility) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("what %s needs is not known before it runs", GetCommandTagName(CreateCommandTag(const_cast<Node*>(utility)))),
                    errhint("SELECT, INSERT, UPDATE, DELETE, MERGE, TRUNCATE, LOCK, and DROP of tables and views can be asked about.")));
}

// The server's own privileges come first, as when the statement runs.
void CollectFrom(const AnalysedStatement& statement, AccessList* list) {
    if (statement.utility != nullptr && !CollectForeseen(statement.utility, list))
        RefuseCommand(statement.utility);
    ListCell* cell;
    foreach (cell, statement.queries) {
        Query* query = lfirst_node(Query, cell);
        RequireServerPrivileges(nullptr, query);
        CollectFromQuery(list, query);
    }
}

// An exact grant serves a statement of which nothing else is made; nothing serves one that is not the only one.
void BeginCheckOf(const AnalysedStatement& statement) {
    if (list_length(statement.queries) != 1)
        return BeginCheck(nullptr, nullptr);
    const char* text;
    int length;
    StatementText(statement.source, &text, &length);
    BeginCheckOf(IdentityOf(text, length, linitial_node(Query, statement.queries)));
}

// --- needs ---

struct Answers {
    ReturnSetInfo* result;
    int statement;
    bool is_query;    // one that can be approved by itself
};

const char* ObjectOf(const ForeseenAccess& foreseen) {
    switch (TargetKindOf(foreseen.policies)) {
        case TargetKind::Schema: return psprintf("schema %s", quote_identifier(NameStr(foreseen.policies->schema_name)));
        case TargetKind::Database: return "this database";
        default: break;
    }
    const char* name = quote_qualified_identifier(NameStr(foreseen.policies->schema_name), NameStr(foreseen.policies->relation_name));
    return foreseen.access.column == nullptr ? name : psprintf("%s (%s)", name, quote_identifier(foreseen.access.column));
}

const char* AnswerOf(const ForeseenAccess& foreseen, const char* not_asked) {
    if (IsOnlyWatched(&foreseen.decision))
        return "run: only watched";
    return foreseen.trusted ? "run: trusted definer" : WordFor(foreseen.decision.answer, not_asked);
}

const char* DetailOf(const ForeseenAccess& foreseen, const char* not_asked) {
    if (foreseen.user != CurrentSubject())
        return psprintf("for \"%s\", whose view or rule it is", Shown(GetUserNameFromId(foreseen.user, true)));
    if (foreseen.decision.grant_id != 0)
        return psprintf("grant %lld", (long long)foreseen.decision.grant_id);
    if (foreseen.missed.id != 0)
        return psprintf("grant %lld is for exactly one other statement", (long long)foreseen.missed.id);
    if (IsOnlyWatched(&foreseen.decision) && foreseen.decision.answer == Answer::Request)
        return "needs approval once it is enforced";
    return not_asked != nullptr ? not_asked : WhyRefused(&foreseen.decision, foreseen.user);
}

void PutForeseen(const ForeseenAccess& foreseen, void* context) {
    const Answers* answers = static_cast<const Answers*>(context);
    const Policy* policy = foreseen.decision.policy;
    const char* not_asked =
        foreseen.trusted ? nullptr : WhyNotAsked(&foreseen.decision, foreseen.access.command, answers->is_query && foreseen.user == CurrentSubject());
    const char* detail = DetailOf(foreseen, not_asked);
    Datum values[] = {Int32GetDatum(answers->statement),
                      CStringGetTextDatum(NameOf(foreseen.access.command)),
                      CStringGetTextDatum(ObjectOf(foreseen)),
                      policy == nullptr ? Datum(0) : CStringGetTextDatum(policy->name),
                      CStringGetTextDatum(AnswerOf(foreseen, not_asked)),
                      detail == nullptr ? Datum(0) : CStringGetTextDatum(detail)};
    bool nulls[] = {false, false, false, policy == nullptr, false, detail == nullptr};
    tuplestore_putvalues(answers->result->setResult, answers->result->setDesc, values, nulls);
}

// --- request_statement ---

struct Refusals {
    int count;
    RefusedAccess* items;
};

// Whoever else has to pass is not who asks.
void RequireOwn(const ForeseenAccess& foreseen, void*) {
    const Decision* decision = &foreseen.decision;
    if (foreseen.user == CurrentSubject() || Runs(decision) || decision->answer == Answer::Auto || foreseen.trusted || IsMonitored(decision))
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("%s on %s has to be approved for \"%s\" besides", NameOf(foreseen.access.command), ObjectOf(foreseen),
                           Shown(GetUserNameFromId(foreseen.user, true))),
                    errdetail("It is needed by the query of a view or rule of that role."), errhint("Run the statement: that files the requests.")));
}

AnalysedStatement RequireOneQuery(const char* text) {
    List* parsed = ParseText(text);
    if (list_length(parsed) != 1)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("a request is for exactly one statement, and these are %d", list_length(parsed))));
    AnalysedStatement statement = Analyse(text, linitial_node(RawStmt, parsed));
    if (statement.utility != nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("exactly one %s cannot be asked for", GetCommandTagName(CreateCommandTag(statement.utility))),
                        errhint("It can be a SELECT, INSERT, UPDATE, DELETE or MERGE.")));
    if (list_length(statement.queries) != 1 || WhyNotExact(linitial_node(Query, statement.queries)) != nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("rules make other statements of this one"),
                        errhint("Ask for the commands instead: SELECT * FROM warrant.needs(...) tells them.")));
    return statement;
}

// What is refused of the statement, and can be approved. Raises what nobody can approve.
void RequireApprovable(const ActionRequest& action, Query* query, Refusals* refusals, StatementIdentity* identity) {
    AccessList list;
    RequireServerPrivileges(nullptr, query);
    if (!GateIsOff() && GateIsPresent())
        CollectFromQuery(&list, query);
    // Behind what marks the query, as it is when the statement is about to be planned.
    *identity = IdentityOf(action.text, action.text_length, query);
    BeginCheckOf(*identity);
    refusals->items = ForeseeRefusals(&list, &refusals->count);
    Foresee(&list, RequireOwn, nullptr);
    for (int i = 0; i < refusals->count; i++)
        if (refusals->items[i].answer != Answer::Request)
            RaiseRefused(&refusals->items[i], nullptr);
    if (refusals->count == 0)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("nothing of it needs approval"), errhint("Run the statement.")));
    if (const char* why = AskForCommitted(refusals->items, &refusals->count))
        ereport(ERROR, (errcode(error_wrong_state), errmsg("%.*s", int(strcspn(why, "\n")), why)));
}

char* BuildArguments(const Call& call, Query* query, const Refusals& refusals, const StatementIdentity& identity) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"with\":%s,\"exact\":\"%s\",\"tag\":\"%s\",\"items\":[", call.arguments, IdentityAsHex(&identity),
                     CommandTagOf(nullptr, query) ?: "");
    for (int i = 0; i < refusals.count; i++) {
        if (i > 0)
            appendStringInfoChar(&json, ',');
        AppendItem(&json, &refusals.items[i], EstimateRows(nullptr, query, refusals.items[i].access));
    }
    appendStringInfoString(&json, "]}");
    return json.data;
}

Datum RequestStatement(FunctionCallInfo fcinfo) {
    AnalysedStatement statement = RequireOneQuery(RequireText(fcinfo));
    Query* query = linitial_node(Query, statement.queries);
    ActionRequest action = {};
    action.action = "request_statement";
    StatementText(statement.source, &action.text, &action.text_length);
    if (KeptLength(action.text, action.text_length) < action.text_length)
        ereport(ERROR, (errcode(error_too_large), errmsg("the statement is longer than the log keeps"),
                        errdetail("It has %d bytes, of which %d would be shown to whoever decides.", action.text_length,
                                  KeptLength(action.text, action.text_length)),
                        errhint("\"pg_warrant.max_query_length\" says how much is kept.")));
    StatementIdentity identity;
    Refusals refusals;
    RequireApprovable(action, query, &refusals, &identity);
    if (IsTransactionBlock())
        ereport(NOTICE, (errmsg("this takes effect at once, whether the transaction commits or not")));
    Call call = PackCall(fcinfo, "sql");
    AuditFields fields = {};
    FillStatementFields(&fields, NextNumber(), 0, GetCurrentTimestamp());
    DigestOf(action.text, action.text_length, fields.digest);
    action.fields = &fields;
    action.arguments = BuildArguments(call, query, refusals, identity);
    return AnswerAs(fcinfo, call.result, RunWithTicket(&action));
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// needs(sql text) -> (statement, command, object, policy, answer, detail): what the statements of a text would need of what is protected.
WARRANT_FUNCTION(warrant_needs) {
    const char* text = RequireText(fcinfo);
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    InitMaterializedSRF(fcinfo, 0);
    Answers answers = {reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), 0, false};
    ListCell* cell;
    foreach (cell, ParseText(text)) {
        CHECK_FOR_INTERRUPTS();
        answers.statement++;
        AnalysedStatement statement = Analyse(text, lfirst_node(RawStmt, cell));
        answers.is_query = statement.utility == nullptr && list_length(statement.queries) == 1;
        AccessList list;
        CollectFrom(statement, &list);
        BeginCheckOf(statement);
        if (!GateIsOff() && GateIsPresent())
            Foresee(&list, PutForeseen, &answers);
    }
    PG_RETURN_VOID();
}

// request_statement(sql text, ...) -> bigint: files a request for exactly one statement, with its identity.
WARRANT_FUNCTION(warrant_request_statement) {
    Oid subject = CurrentSubject();
    RefuseForOthers(fcinfo);
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    TakeLongTurn(subject);
    Datum answer = RequestStatement(fcinfo);
    GiveLongTurnBack(subject);
    return answer;
}
