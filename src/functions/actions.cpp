// The SQL functions that are actions: each packs its own arguments and lets the recorder do it.
#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/settings.hpp"
#include "pg/wait.hpp"
#include "rules/commands.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/subject.hpp"
#include "queue/actions.hpp"
#include "queue/copies.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/rate.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "statement/statement_record.hpp"
#include "gate/defence/cluster.hpp"
#include "functions/actions.hpp"
#include "functions/asked.hpp"

namespace warrant {

namespace {

void AppendScalar(StringInfo json, Oid type, Datum value) {
    switch (type) {
        case BOOLOID: appendStringInfoString(json, DatumGetBool(value) ? "true" : "false"); break;
        case INT4OID: appendStringInfo(json, "%d", DatumGetInt32(value)); break;
        case INT8OID: appendStringInfo(json, "%lld", (long long)DatumGetInt64(value)); break;
        case OIDOID:
        case REGCLASSOID:
        case REGROLEOID: appendStringInfo(json, "%u", DatumGetObjectId(value)); break;
        case NAMEOID: escape_json(json, NameStr(*DatumGetName(value))); break;
        case TEXTOID: escape_json(json, TextDatumGetCString(value)); break;
        case TIMESTAMPTZOID:    // since the beginning of 2000, because how a time is written depends on settings
            appendStringInfo(json, "\"%lld microseconds\"", (long long)DatumGetTimestampTz(value));
            break;
        case INTERVALOID:    // in units that no setting changes
            appendStringInfo(json, "\"%lld microseconds\"", (long long)Microseconds(DatumGetIntervalP(value)));
            break;
        default: elog(ERROR, "unexpected argument type %u", type);
    }
}

void AppendArray(StringInfo json, Oid element, Datum value) {
    ArrayType* array = DatumGetArrayTypeP(value);
    int16 length;
    bool by_value, *nulls;
    char alignment;
    Datum* elements;
    int count;
    get_typlenbyvalalign(element, &length, &by_value, &alignment);
    deconstruct_array(array, element, length, by_value, alignment, &elements, &nulls, &count);
    appendStringInfoChar(json, '[');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            appendStringInfoChar(json, ',');
        if (nulls[i])
            appendStringInfoString(json, "null");
        else
            AppendScalar(json, element, elements[i]);
    }
    appendStringInfoChar(json, ']');
}

// What a person says is kept for ever, and in the log a reason stands once for each item of a request: so it is bounded.
constexpr int most_text_bytes = 2000;

void RequireShort(const char* name, const char* text) {
    if (strlen(text) > size_t(most_text_bytes))
        ereport(ERROR, (errcode(error_too_large), errmsg("%s must not be longer than %d bytes", name, most_text_bytes)));
}

}    // namespace

Call PackCall(FunctionCallInfo fcinfo, const char* without) {
    Oid function = fcinfo->flinfo->fn_oid;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for function %u", function);
    Oid* types;
    char **names, *modes;
    int count = get_func_arg_info(tuple, &types, &names, &modes);
    Call call = {pstrdup(NameStr(Form_pg_proc(GETSTRUCT(tuple))->proname)), nullptr, Form_pg_proc(GETSTRUCT(tuple))->prorettype};
    ReleaseSysCache(tuple);
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    for (int i = 0; i < count && i < PG_NARGS(); i++) {
        if (without != nullptr && strcmp(names[i], without) == 0)
            continue;
        if (json.len > 1)
            appendStringInfoChar(&json, ',');
        escape_json(&json, names[i]);
        appendStringInfoChar(&json, ':');
        Oid element = get_element_type(types[i]);
        if (types[i] == INTERVALOID && !PG_ARGISNULL(i))
            RequireDuration(PG_GETARG_INTERVAL_P(i), names[i]);
        if (types[i] == TEXTOID && !PG_ARGISNULL(i))
            RequireShort(names[i], TextDatumGetCString(PG_GETARG_DATUM(i)));
        if (types[i] == TIMESTAMPTZOID && !PG_ARGISNULL(i) && TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(i)))
            ereport(ERROR, (errcode(error_bad_argument), errmsg("%s must be finite", names[i])));
        if (PG_ARGISNULL(i))
            appendStringInfoString(&json, "null");
        else if (types[i] != NAMEOID && OidIsValid(element))
            AppendArray(&json, element, PG_GETARG_DATUM(i));
        else
            AppendScalar(&json, types[i], PG_GETARG_DATUM(i));
    }
    appendStringInfoChar(&json, '}');
    call.arguments = json.data;
    return call;
}

Datum AnswerAs(FunctionCallInfo fcinfo, Oid type, char* answer) {
    if (answer == nullptr || type == VOIDOID) {
        fcinfo->isnull = type != VOIDOID;
        return Datum(0);
    }
    Oid input, element;
    getTypeInputInfo(type, &input, &element);
    return OidInputFunctionCall(input, answer, element, -1);
}

void RefuseForOthers(FunctionCallInfo fcinfo) {
    Oid subject = CurrentSubject();
    Actors actors;
    FindActors(&actors, subject);
    if (actors.count == 0 || !actors.by_server)
        return;
    const char* user = GetUserNameFromId(actors.users[actors.count - 1].user, true);
    ereport(ERROR, (errcode(error_refused),
                    errmsg("%s.%s must be called by \"%s\"", "warrant", get_func_name(fcinfo->flinfo->fn_oid), GetUserNameFromId(subject, true)),
                    errdetail("The server runs this code for \"%s\".", user == nullptr ? "" : user)));
}

char* RunWithTicket(const ActionRequest* action) {
    constexpr char question[] = "fits?\n";
    constexpr int most_questions = 20;
    StringInfoData known;
    initStringInfo(&known);
    for (int asked = 0;; asked++) {
        ActionRequest request = *action;
        if (known.len > 0)
            request.arguments = psprintf("%.*s,\"fits\":{%s}}", int(strlen(action->arguments)) - 1, action->arguments, known.data);
        char* answer = RunAction(&request);
        if (answer == nullptr || strncmp(answer, question, sizeof question - 1) != 0)
            return answer;
        if (asked == most_questions)
            ereport(ERROR, (errcode(error_wrong_state), errmsg("the policies are being changed"), errhint("Call it again.")));
        char* rest = answer + sizeof question - 1;
        const char* ticket = strsep(&rest, "\n");
        while (rest != nullptr) {
            const char* pattern = strsep(&rest, "\n");
            appendStringInfoString(&known, known.len == 0 ? "" : ",");
            escape_json(&known, pattern);
            appendStringInfoString(&known, FitsPattern(ticket, pattern) ? ":true" : ":false");
        }
    }
}

namespace {

Datum DoAction(FunctionCallInfo fcinfo) {
    RefuseForOthers(fcinfo);
    if (IsTransactionBlock())
        ereport(NOTICE, (errmsg("this takes effect at once, whether the transaction commits or not")));
    Call call = PackCall(fcinfo);
    ActionRequest request = {call.name, call.arguments, nullptr, nullptr, 0};
    return AnswerAs(fcinfo, call.result, RunWithTicket(&request));
}

// A copy that has no recorder, because it belongs to nobody who administers the gate, gets one when an administrator adopts it.
void AdmitForAdoption(Oid subject) {
    if (FindDatabase(MyDatabaseId) != nullptr || !IsGateAdministrator(subject))
        return;
    AdmitCopy(MyDatabaseId);
    AskLauncher(MyDatabaseId);
    constexpr long nap_ms = 10;
    for (long waited = 0; FindDatabase(MyDatabaseId) == nullptr && waited < settings.audit_timeout_ms; waited += nap_ms) {
        WaitOnLatch(WaitsFor::Workers, nap_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

bool GoesToClient(const QueryDesc* query) {
    CommandDest dest = query->dest->mydest;
    return dest == DestRemote || dest == DestRemoteExecute || dest == DestRemoteSimple;
}

// Whether the plan depends on no function but this one: none was inlined into it, so the client wrote this call.
bool DependsOnlyOn(const PlannedStmt* plan, Oid function) {
    uint32 hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));
    ListCell* cell;
    foreach (cell, plan->invalItems) {
        const PlanInvalItem* item = lfirst_node(PlanInvalItem, cell);
        if (item->cacheId != PROCOID || item->hashValue != hash)
            return false;
    }
    return true;
}

// A relation, view, subquery or common table expression around the call leaves its entry behind, pulled up or not.
bool IsWrapped(const PlannedStmt* plan) {
    ListCell* cell;
    foreach (cell, plan->rtable) {
        RTEKind kind = lfirst_node(RangeTblEntry, cell)->rtekind;
        if (kind != RTE_FUNCTION && kind != RTE_RESULT)
            return true;
    }
    return false;
}

// Whether the plan computes this very call, and nothing else: no relation, no view, no other function.
bool PlanIsTheCall(const PlannedStmt* plan, const Node* call, Oid function) {
    if (plan->commandType != CMD_SELECT || IsWrapped(plan) || plan->subplans != NIL || !DependsOnlyOn(plan, function))
        return false;
    const Plan* top = plan->planTree;
    if (!IsA(call, FuncExpr) || reinterpret_cast<const FuncExpr*>(call)->funcformat != COERCE_EXPLICIT_CALL)
        return false;    // an operator or a cast that somebody made of it
    if (IsA(top, FunctionScan)) {
        const List* functions = reinterpret_cast<const FunctionScan*>(top)->functions;
        return list_length(functions) == 1 && linitial_node(RangeTblFunction, functions)->funcexpr == call;
    }
    return IsA(top, Result) && top->lefttree == nullptr && list_length(top->targetlist) == 1 &&
           reinterpret_cast<const Node*>(linitial_node(TargetEntry, top->targetlist)->expr) == call;
}

// Whether the client itself sent what runs in this portal. Prepared statements and cursors are found by name, and other code that ran in the
// session may have put its own, by PREPARE, DECLARE or PL/pgSQL's OPEN, in the place of those that a driver made and runs again.
bool IsSentByClient(const PortalData* portal) {
    if (portal == nullptr || portal->cursorOptions != CURSOR_OPT_NO_SCROLL)    // DECLARE and OPEN give their cursors other options
        return false;
    const PreparedStatement* statement = portal->prepStmtName == nullptr ? nullptr : FetchPreparedStatement(portal->prepStmtName, false);
    return portal->prepStmtName == nullptr || (statement != nullptr && !statement->from_sql);
}

// Whether a person typed the call: no function, view, trigger or rule that the person's statement ran may decide.
bool IsOwnTopLevelStatement(FunctionCallInfo fcinfo) {
    const Frame* frame = current_frame;
    return frame != nullptr && frame->outer == nullptr && frame->kind == FrameKind::Run && GoesToClient(frame->query) &&
           PlanIsTheCall(frame->query->plannedstmt, fcinfo->flinfo->fn_expr, fcinfo->flinfo->fn_oid) && IsSentByClient(ActivePortal);
}

void RecordIndirectAttempt(const char* function) {
    if (!AwaitTurn(CurrentSubject()))
        return;
    EntryHeader header = {};
    header.kind = EntryKind::Audit;
    header.waits = true;
    header.fields.event = Event::IndirectAttempt;
    header.fields.occurred_at = GetCurrentTimestamp();
    header.fields.xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    header.fields.query_id = uint64_t(pgstat_get_my_query_id());
    namestrcpy(&header.fields.schema_name, "warrant");
    namestrcpy(&header.fields.relation_name, function);
    PrepareOrigin();
    FillOrigin(&header.origin);
    EntryParts parts = {};
    int length = 0;
    if (OutermostFrame() != nullptr)
        TopLevelText(nullptr, &parts.text, &length);
    parts.text_size = KeptLength(parts.text, length);
    if (parts.text != nullptr)    // so that the recorder knows a call that comes again
        DigestOf(parts.text, length, header.fields.digest);
    header.fields.has_digest = parts.text != nullptr;
    Reply reply;
    constexpr long patience_ms = 1000;    // the call is refused whether this attempt is recorded or not
    Enqueued sent = Enqueue(&header, &parts, nullptr, false);
    if (sent == Enqueued::Yes)
        WaitForReply(header.serial, patience_ms, &reply);
    else
        LogRow(&header, &parts, WhyNot(sent));
}

}    // namespace

}    // namespace warrant

// Serves the SQL functions request, amend, extend, cancel, give_back and ask_result.
WARRANT_FUNCTION(warrant_action) {
    using namespace warrant;
    Oid subject = CurrentSubject();
    char* name = get_func_name(fcinfo->flinfo->fn_oid);
    if (name == nullptr || strcmp(name, "request") != 0) {
        RequireTurn(subject);
        return DoAction(fcinfo);
    }
    CheckRequested(fcinfo);
    TakeLongTurn(subject);
    Datum answer = DoAction(fcinfo);
    GiveLongTurnBack(subject);
    TellUnmet(fcinfo);
    return answer;
}

namespace warrant {

namespace {

// A person decides, by the client's own statement.
void RequireOwnDecision(FunctionCallInfo fcinfo) {
    if (IsPoolSession())
        ereport(ERROR, (errcode(error_refused), errmsg("nobody decides in a session of a pool"),
                        errdetail("Role \"%s\" is in \"pg_warrant.pool_roles\": who is behind it is not known.",
                                  GetUserNameFromId(GetSessionUserId(), true)),
                        errhint("Connect with a login of your own.")));
    if (!IsOwnTopLevelStatement(fcinfo)) {
        char* name = get_func_name(fcinfo->flinfo->fn_oid);
        RecordIndirectAttempt(name);
        ereport(ERROR, (errcode(error_refused), errmsg("warrant.%s must be the client's own statement", name),
                        errdetail("It was called from a function, a view or a larger statement."),
                        errhint("Run SELECT %swarrant.%s(...) by itself.", fcinfo->flinfo->fn_retset ? "* FROM " : "", name)));
    }
}

// Decides a request of several, and puts the row that tells what came of it: the action's answer is the grant's number or 0, a blank and words.
void DecideOneOf(FunctionCallInfo fcinfo, const Call* call, int64 id) {
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    ActionRequest request = {"decide_each", psprintf("{\"request_id\":%lld,\"call\":\"%s\",\"with\":%s}", (long long)id, call->name, call->arguments),
                             nullptr, nullptr, 0};
    char* words;
    int64 grant = strtoll(RunAction(&request), &words, 10);
    Datum values[] = {Int64GetDatum(id), Int64GetDatum(grant), CStringGetTextDatum(words + 1)};
    bool nulls[] = {false, grant == 0, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}    // namespace

}    // namespace warrant

// Serves the SQL functions approve_all and deny_all: each request is an action by itself, so that one that cannot be decided stops no other.
WARRANT_FUNCTION(warrant_decide_all) {
    using namespace warrant;
    RequireOwnDecision(fcinfo);
    RequireTurn(CurrentSubject());
    RefuseForOthers(fcinfo);
    InitMaterializedSRF(fcinfo, 0);
    if (IsTransactionBlock())
        ereport(NOTICE, (errmsg("this takes effect at once, whether the transaction commits or not")));
    Call call = PackCall(fcinfo);
    ActionRequest asked = {"requests_named", call.arguments, nullptr, nullptr, 0};
    Datum ids = AnswerAs(fcinfo, INT8ARRAYOID, RunAction(&asked));
    Datum* elements;
    int count;
    deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, nullptr, &count);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        DecideOneOf(fcinfo, &call, DatumGetInt64(elements[i]));
    }
    return Datum(0);
}

// Serves the SQL functions approve, deny, grant and revoke.
WARRANT_FUNCTION(warrant_decision) {
    using namespace warrant;
    RequireOwnDecision(fcinfo);
    Oid subject = CurrentSubject();
    RequireTurn(subject);
    if (char* name = get_func_name(fcinfo->flinfo->fn_oid); name != nullptr && strcmp(name, "adopt") == 0)
        AdmitForAdoption(subject);
    Datum answer = DoAction(fcinfo);
    if (!fcinfo->isnull)    // NULL is a request that somebody else now has pending
        ReturnTurn(subject);
    if (char* name = get_func_name(fcinfo->flinfo->fn_oid); name != nullptr && strcmp(name, "grant") == 0)
        TellLacking(fcinfo);
    return answer;
}
