#include "pg/server.hpp"

#include "pg/text.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/ring.hpp"
#include "recorder/seal.hpp"

namespace warrant {

SealState* seal_state = nullptr;

namespace {

const char* const event_names[] = {"allowed", "outcome", "refused", "would_refuse", "exempt", "indirect_attempt",
                                   "role_changed", "config_changed"};

struct Column {
    const char* name;
    Oid type;
};

// The columns of the log, in the order in which Row::Add is called below.
const Column columns[] = {
    {"seq", INT8OID}, {"sealed_at", TIMESTAMPTZOID}, {"occurred_at", TIMESTAMPTZOID}, {"event", TEXTOID}, {"statement_id", INT8OID},
    {"executions", INT4OID}, {"session_user_oid", OIDOID}, {"session_user_name", NAMEOID}, {"current_user_name", NAMEOID},
    {"authenticated_user_name", NAMEOID}, {"authn_id", TEXTOID}, {"client_addr", TEXTOID}, {"application_name", TEXTOID},
    {"pid", INT4OID}, {"session_id", TEXTOID}, {"backend_start", TIMESTAMPTZOID}, {"xid", INT8OID}, {"query_id", INT8OID},
    {"command", TEXTOID}, {"relation_oid", OIDOID}, {"schema_name", NAMEOID}, {"relation_name", NAMEOID}, {"policy_name", TEXTOID},
    {"policy_version", INT4OID}, {"grant_id", INT8OID}, {"request_id", INT8OID}, {"statement_sha256", BYTEAOID},
    {"statement_hmac", BYTEAOID}, {"outcome", TEXTOID}, {"rows_processed", INT8OID}, {"duration", INTERVALOID}, {"sqlstate", TEXTOID},
    {"repeats", INT4OID},
    {"comment", TEXTOID},
};
constexpr int column_count = lengthof(columns);

struct Row {
    int count;
    Datum values[column_count];
    char nulls[column_count];

    void Add(Datum value, bool present = true) {
        values[count] = value;
        nulls[count++] = present ? ' ' : 'n';
    }
    void AddText(const char* text) {
        bool present = text != nullptr && text[0] != '\0';
        Add(present ? CStringGetTextDatum(text) : Datum(0), present);
    }
    void AddName(const char* text) {
        bool present = text != nullptr && text[0] != '\0';
        Add(present ? DirectFunctionCall1(namein, CStringGetDatum(text)) : Datum(0), present);
    }
    void AddBytes(const void* bytes, int size, bool present) {
        Add(present ? PointerGetDatum(cstring_to_text_with_len(static_cast<const char*>(bytes), size)) : Datum(0), present);
    }
    void AddNumber(int64_t number, int64_t absent) { Add(Int64GetDatum(number), number != absent); }
};

// The plan stays for the life of the process; its text follows from the columns.
SPIPlanPtr InsertPlan() {
    static SPIPlanPtr plan = nullptr;
    if (plan != nullptr)
        return plan;
    StringInfoData names, places;
    initStringInfo(&names);
    initStringInfo(&places);
    Oid types[column_count];
    for (int i = 0; i < column_count; i++) {
        types[i] = columns[i].type;
        appendStringInfo(&names, "%s, ", columns[i].name);
        appendStringInfo(&places, "$%d, ", i + 1);
    }
    appendStringInfo(&names, "database_name, person");
    appendStringInfo(&places, "current_database(), coalesce((SELECT p.person FROM warrant.persons p WHERE p.role = $7), $11, $10::text, $8::text, 'role ' || $7)");
    char* text = psprintf("INSERT INTO warrant.audit_log (%s) VALUES (%s)", names.data, places.data);
    plan = SPI_prepare(text, column_count, types);
    SPI_keepplan(plan);
    return plan;
}

void InsertText(int64_t seq, TimestampTz sealed_at, const uint8_t* salt, int salt_size, const char* text, int length) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT8OID, TIMESTAMPTZOID, BYTEAOID, TEXTOID};
    Prepared(&plan, "INSERT INTO warrant.audit_text (seq, sealed_at, salt, statement) VALUES ($1, $2, $3, $4)", 4, types);
    Datum values[] = {Int64GetDatum(seq), TimestampTzGetDatum(sealed_at),
                      PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char*>(salt), salt_size)),
                      PointerGetDatum(cstring_to_text_with_len(text, length))};
    SPI_execute_plan(plan, values, nullptr, false, 0);
}

// The name of a role, which a session of a database of another encoding may have given.
const char* RoleName(Oid role) {
    const char* name = OidIsValid(role) ? GetUserNameFromId(role, true) : nullptr;
    return name == nullptr ? nullptr : CleanedText(name);
}

char* SessionId(const Origin* origin) {
    return psprintf("%lx.%x", (long)timestamptz_to_time_t(origin->backend_start), origin->pid);
}

Datum DurationOf(int64_t microseconds) {
    Interval* interval = static_cast<Interval*>(palloc0(sizeof(Interval)));
    interval->time = microseconds;
    return IntervalPGetDatum(interval);
}

void AddOrigin(Row* row, const Origin* origin) {
    row->Add(ObjectIdGetDatum(origin->session_user));
    row->AddName(RoleName(origin->session_user));
    row->AddName(RoleName(origin->current_user));
    row->AddName(RoleName(origin->authenticated_user));
    row->AddText(origin->authn_id);
    row->AddText(origin->client_addr);
    row->AddText(origin->application_name);
    bool of_session = origin->pid != 0;
    row->Add(Int32GetDatum(origin->pid), of_session);
    row->AddText(of_session ? SessionId(origin) : nullptr);
    row->Add(TimestampTzGetDatum(origin->backend_start), of_session);
}

void AddSubject(Row* row, const AuditFields* fields, const EntryParts* parts) {
    row->AddNumber(int64_t(fields->xid), 0);
    row->AddNumber(int64_t(fields->query_id), 0);
    row->AddText(fields->has_command ? NameOf(fields->command) : nullptr);
    row->Add(ObjectIdGetDatum(fields->relation), OidIsValid(fields->relation));
    row->AddName(NameStr(fields->schema_name));
    row->AddName(NameStr(fields->relation_name));
    row->AddText(parts->policy_name_size == 0 ? nullptr : pnstrdup(parts->policy_name, parts->policy_name_size));
    row->Add(Int32GetDatum(fields->policy_version), parts->policy_name_size > 0);
    row->AddNumber(fields->grant_id, 0);
    row->AddNumber(fields->request_id, 0);
}

void AddEnd(Row* row, const AuditFields* end) {
    bool finished = end != nullptr && end->finished;
    row->AddText(!finished ? nullptr : end->failed ? "error" : "ok");
    row->AddNumber(finished ? end->rows : -1, -1);
    row->Add(finished && end->duration_us >= 0 ? DurationOf(end->duration_us) : Datum(0), finished && end->duration_us >= 0);
    row->AddText(finished && end->sqlstate != 0 ? unpack_sql_state(end->sqlstate) : nullptr);
}

// The numbers are remembered by subtransaction, because PL/pgSQL may catch an error that comes after rows were numbered: the log would have a gap.
constexpr int deepest = 32;    // ours do not nest so deep
SealState at_start[deepest];

void OnSubtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    int level = GetCurrentTransactionNestLevel();
    if (seal_state == nullptr || level >= deepest)
        return;
    if (event == SUBXACT_EVENT_START_SUB)
        at_start[level] = *seal_state;
    else if (event == SUBXACT_EVENT_ABORT_SUB)
        *seal_state = at_start[level];
}

}    // namespace

void FollowSubtransactions() { RegisterSubXactCallback(OnSubtransaction, nullptr); }

const char* NameOf(Event event) { return event_names[int(event)]; }

int64_t NextSeq() { return ++seal_state->last_seq; }

TimestampTz SealTime() { return seal_state->last_sealed_at = GetCurrentTimestamp(); }

void SignText(const uint8_t* salt, int salt_size, const char* text, int length, uint8_t* hmac) {
    pg_hmac_ctx* context = pg_hmac_create(PG_SHA256);
    bool failed = context == nullptr || pg_hmac_init(context, salt, salt_size) < 0 ||
                  pg_hmac_update(context, reinterpret_cast<const uint8_t*>(text), length) < 0 ||
                  pg_hmac_final(context, hmac, PG_SHA256_DIGEST_LENGTH) < 0;
    pg_hmac_free(context);
    if (failed)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign the text of a statement")));
}

void SealEntry(const EntryHeader* entry, const AuditFields* outcome) {
    const AuditFields* fields = &entry->fields;
    EntryParts parts = PartsOf(entry);
    bool has_text = parts.text_size > 0;
    uint8_t salt[16], hmac[PG_SHA256_DIGEST_LENGTH];
    if (has_text && !pg_strong_random(salt, sizeof salt))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random salt")));
    if (has_text)
        SignText(salt, sizeof salt, parts.text, parts.text_size, hmac);
    int64_t seq = NextSeq();
    TimestampTz sealed_at = SealTime();
    Row row;
    row.count = 0;
    row.Add(Int64GetDatum(seq));
    row.Add(TimestampTzGetDatum(sealed_at));
    row.Add(TimestampTzGetDatum(fields->occurred_at));
    row.AddText(NameOf(fields->event));
    row.AddNumber(int64_t(fields->statement_id), 0);
    row.Add(Int32GetDatum(outcome != nullptr ? outcome->executions : fields->executions));
    AddOrigin(&row, &entry->origin);
    AddSubject(&row, fields, &parts);
    row.AddBytes(fields->digest, sizeof fields->digest, fields->has_digest);
    row.AddBytes(hmac, sizeof hmac, has_text);
    AddEnd(&row, outcome != nullptr ? outcome : fields);
    row.Add(Int32GetDatum(fields->repeats > 0 ? fields->repeats : 1));
    row.AddText(parts.arguments_size == 0 ? nullptr : pnstrdup(parts.arguments, parts.arguments_size));
    Assert(row.count == column_count);
    SPI_execute_plan(InsertPlan(), row.values, row.nulls, false, 0);
    if (has_text)
        InsertText(seq, sealed_at, salt, sizeof salt, parts.text, parts.text_size);
}

char* OriginAsJson(const Origin* origin) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"session_user_oid\":%u,\"current_user_oid\":%u,\"authenticated_user_oid\":%u,\"pid\":%d", origin->session_user,
                     origin->current_user, origin->authenticated_user, origin->pid);
    auto add = [&json](const char* key, const char* value) {
        appendStringInfo(&json, ",\"%s\":", key);
        if (value == nullptr || value[0] == '\0')
            appendStringInfoString(&json, "null");
        else
            escape_json(&json, value);
    };
    add("session_user_name", RoleName(origin->session_user));
    add("current_user_name", RoleName(origin->current_user));
    add("authenticated_user_name", RoleName(origin->authenticated_user));
    add("authn_id", origin->authn_id);
    add("client_addr", origin->client_addr);
    add("application_name", origin->application_name);
    add("session_id", SessionId(origin));
    add("backend_start", timestamptz_to_str(origin->backend_start));
    appendStringInfoChar(&json, '}');
    return json.data;
}

}    // namespace warrant
