#include "pg/server.hpp"

#include <algorithm>

#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "queue/entry.hpp"
#include "recorder/execute.hpp"
#include "queue/ring.hpp"
#include "recorder/script.hpp"
#include "recorder/seal.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

TimeoutId action_timeout;
char told[sizeof Reply::detail];    // by the action under way
int untold;                         // for which there was no room

// How long an action may take: no longer, so that who waits behind slow ones still has an answer, but a second, because the first action compiles
// PL/pgSQL.
int ActionLimitMs() { return std::max(settings.audit_timeout_ms / 5, 1000); }

void OnActionTimeout() {
    InterruptPending = true;
    QueryCancelPending = true;
}

Datum TextOf(const char* bytes, int size) { return PointerGetDatum(cstring_to_text_with_len(bytes, size)); }

Datum JsonOf(const char* text) { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); }

// Calls SQL act(), not by a statement, whose beginning and end took a twentieth of the time.
char* Act(const EntryHeader* entry) {
    Oid types[] = {TEXTOID, JSONBOID, JSONBOID, JSONBOID, BYTEAOID, TEXTOID};
    EntryParts parts = PartsOf(entry);
    bool statement = entry->fields.has_digest;
    NullableDatum values[] = {{TextOf(parts.action, parts.action_size), false},
                              {JsonOf(OriginAsJson(&entry->origin)), false},
                              {JsonOf(pnstrdup(parts.arguments, parts.arguments_size)), false},
                              {statement ? JsonOf(StatementAsJson(entry)) : Datum(0), !statement},
                              {TextOf(reinterpret_cast<const char*>(entry->fields.digest), sizeof entry->fields.digest), !statement},
                              {TextOf(parts.text, parts.text_size), parts.text_size == 0}};
    FmgrInfo act;
    fmgr_info(LookupFuncName(list_make2(makeString(pstrdup(InternalSchema())), makeString(pstrdup("act"))), lengthof(types), types, false), &act);
    FunctionCallInfo call = static_cast<FunctionCallInfo>(palloc0(SizeForFunctionCallInfo(lengthof(types))));
    InitFunctionCallInfoData(*call, &act, lengthof(types), DEFAULT_COLLATION_OID, nullptr, nullptr);
    memcpy(call->args, values, sizeof values);
    Datum answer = FunctionCallInvoke(call);
    return call->isnull ? nullptr : TextDatumGetCString(answer);
}

void RunSql(const EntryHeader* entry, Reply* reply) {
    char* answer = Act(entry);
    if (answer != nullptr && strlen(answer) >= sizeof reply->answer)
        ereport(ERROR, (errcode(error_too_large), errmsg("the answer is longer than %zu bytes", sizeof reply->answer - 1),
                        errhint("Name fewer requests in one call.")));
    reply->is_null = answer == nullptr;
    strlcpy(reply->answer, answer == nullptr ? "" : answer, sizeof reply->answer);
}

// Copies as much of the text as there is room for, in whole characters.
void Copy(char* to, size_t size, const char* from) {
    const char* text = from == nullptr ? "" : from;
    strlcpy(to, text, pg_mbcliplen(text, int(strlen(text)), int(size) - 1) + 1);
}

void RunInSubtransaction(const EntryHeader* entry, Reply* reply) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    SealState before = *seal_state;
    BeginInternalSubTransaction("action");
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        told[0] = '\0';
        untold = 0;
        enable_timeout_after(action_timeout, ActionLimitMs() * int(1 + entry->arguments_size / most_entry_bytes));
        RunSql(entry, reply);
        strlcpy(reply->detail, told, sizeof reply->detail);
        disable_timeout(action_timeout, false);
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        disable_timeout(action_timeout, false);
        if (IsTransient(geterrcode()) && geterrcode() != ERRCODE_QUERY_CANCELED)
            PG_RE_THROW();    // the batch is done again
        MemoryContextSwitchTo(context);
        ErrorData* error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        *seal_state = before;
        ReplyWithError(reply, error);
    }
    PG_END_TRY();
    // The limit may have struck after the last check.
    QueryCancelPending = false;
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
}

// Past the executor, which took three times as long.
void KeepResult(const EntryHeader* entry, int64_t action_id, const Reply* reply) {
    Relation table = table_open(get_relname_relid("action_results", get_namespace_oid(schema_name, false)), RowExclusiveLock);
    TupleDesc columns = RelationGetDescr(table);
    Datum* values = static_cast<Datum*>(palloc0(columns->natts * sizeof(Datum)));
    bool* nulls = static_cast<bool*>(palloc(columns->natts * sizeof(bool)));
    memset(nulls, true, columns->natts * sizeof(bool));
    auto put = [=](const char* name, Datum value) {
        AttrNumber column = get_attnum(RelationGetRelid(table), name);
        if (column == InvalidAttrNumber)
            ereport(ERROR, (errcode(error_unavailable), errmsg("the results of actions have no column \"%s\"", name)));
        values[column - 1] = value;
        nulls[column - 1] = false;
    };
    auto put_text = [put](const char* name, const char* text) {
        if (text[0] != '\0')
            put(name, CStringGetTextDatum(text));
    };
    EntryParts parts = PartsOf(entry);
    put("action_id", Int64GetDatum(action_id));
    put("done_at", TimestampTzGetDatum(GetCurrentTimestamp()));
    put("session_user_oid", ObjectIdGetDatum(entry->origin.session_user));
    put("action", TextOf(parts.action, parts.action_size));
    put("done", BoolGetDatum(!reply->failed));
    put_text("answer", reply->answer);
    put_text("sqlstate", reply->failed ? unpack_sql_state(reply->sqlstate) : "");
    put_text("message", reply->message);
    put_text("detail", reply->detail);
    put_text("hint", reply->hint);
    CatalogTupleInsert(table, heap_form_tuple(columns, values, nulls));
    table_close(table, NoLock);
}

}    // namespace

bool IsForCaller(const ErrorData* error) {
    constexpr int told[] = {error_refused,
                            error_unavailable,
                            error_ring_full,
                            error_too_large,
                            error_wrong_kind,
                            error_unknown_id,
                            error_wrong_state,
                            ERRCODE_UNDEFINED_TABLE,
                            ERRCODE_UNDEFINED_SCHEMA,
                            ERRCODE_FEATURE_NOT_SUPPORTED,
                            ERRCODE_DUPLICATE_OBJECT,
                            ERRCODE_UNDEFINED_COLUMN};
    constexpr char of_files[] = "could not ";    // so messages about files begin before they are translated; their codes follow from errno
    if (error->message_id == nullptr || strncmp(error->message_id, of_files, sizeof of_files - 1) == 0)
        return false;
    for (int state : told)
        if (error->sqlerrcode == state)
            return true;
    return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_DATA_EXCEPTION;
}

void ReplyWithError(Reply* reply, const ErrorData* error) {
    reply->failed = true;
    reply->is_null = true;
    reply->sqlstate = error->sqlerrcode;
    reply->detail[0] = reply->hint[0] = '\0';
    if (IsForCaller(error)) {
        Copy(reply->message, sizeof reply->message, error->message);
        Copy(reply->detail, sizeof reply->detail, error->detail);
        Copy(reply->hint, sizeof reply->hint, error->hint);
        return;
    }
    ereport(LOG, (errcode(error->sqlerrcode),
                  errmsg("the recorder failed to do what a session asked for: %s", error->message)));    // a detail may show a row
    Copy(reply->hint, sizeof reply->hint, "The server's log tells administrators why.");
    if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
        pg_snprintf(reply->message, sizeof reply->message, "the action took longer than %d ms", ActionLimitMs());
    else
        Copy(reply->message, sizeof reply->message, "the recorder cannot write");
    if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INSUFFICIENT_RESOURCES)
        reply->sqlstate = error_unavailable;
}

void TellCaller(const char* message) {
    static size_t whole;
    constexpr size_t room_for_more = sizeof "\n... and 2147483647 more";
    size_t length = strlen(told);
    if (untold > 0 || (length > 0 && length + 1 + strlen(message) + room_for_more > sizeof told)) {    // of several lines each is whole
        whole = untold++ == 0 ? length : whole;
        pg_snprintf(told + whole, sizeof told - whole, "\n... and %d more", untold);
        return;
    }
    if (length > 0)
        told[length++] = '\n';
    Copy(told + length, sizeof told - length, message);
    for (char* byte = told + length; *byte != '\0'; byte++)    // a further line of a reason would be told as words of the gate
        *byte = *byte == '\n' || *byte == '\r' ? ' ' : *byte;
}

void PrepareActions() { action_timeout = RegisterTimeout(USER_TIMEOUT, OnActionTimeout); }

int64_t NextActionId() { return int64_t(NextNumber()); }

void ExecuteAction(const EntryHeader* entry, int64_t action_id, Reply* reply) {
    *reply = Reply{};
    RunInSubtransaction(entry, reply);
    if (reply->failed && !entry->waits)    // nobody else would hear of it
        ereport(LOG, (errmsg("an action that nobody waits for has failed: %s", reply->message)));
    KeepResult(entry, action_id, reply);
}

void RecallReply(int64_t action_id, Reply* reply) {
    *reply = Reply{};
    Oid type = INT8OID;
    Datum value = Int64GetDatum(action_id);
    // Not read-only, which would not see what an earlier item of this batch has done.
    SPI_execute_with_args("SELECT done, answer, sqlstate, message, detail, hint FROM warrant.action_results WHERE action_id = $1", 1, &type, &value,
                          nullptr, false, 1);
    if (SPI_processed == 0) {
        reply->failed = true;
        reply->sqlstate = error_unavailable;
        Copy(reply->message, sizeof reply->message, "the action was rejected");
        return;
    }
    HeapTuple row = SPI_tuptable->vals[0];
    auto column = [row](int number) { return SPI_getvalue(row, SPI_tuptable->tupdesc, number); };
    reply->failed = strcmp(column(1), "t") != 0;
    reply->is_null = column(2) == nullptr;
    Copy(reply->answer, sizeof reply->answer, column(2));
    const char* state = column(3);
    reply->sqlstate = state == nullptr ? 0 : MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
    Copy(reply->message, sizeof reply->message, column(4));
    Copy(reply->detail, sizeof reply->detail, column(5));
    Copy(reply->hint, sizeof reply->hint, column(6));
}

}    // namespace warrant
