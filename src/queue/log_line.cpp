#include "pg/server.hpp"

#include "pg/log.hpp"
#include "rules/commands.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

constexpr char mark[] = "pg_warrant: {";

emit_log_hook_type previous_emit;
bool is_ours = false;
int fatal_error = 0;

struct KnownName {
    Oid role;
    NameData name;
};
constexpr int places = 16;    // a power of two
KnownName known[places];

KnownName* PlaceOf(Oid role) { return &known[role & (places - 1)]; }

pg_noinline void Look(KnownName* place, Oid role) {
    const char* name = OidIsValid(role) ? GetUserNameFromId(role, true) : nullptr;
    place->role = name == nullptr ? InvalidOid : role;
    namestrcpy(&place->name, name == nullptr ? "" : name);
}

void Remember(Oid role) {
    if (unlikely(PlaceOf(role)->role != role))
        Look(PlaceOf(role), role);
}

const char* NameOfRole(Oid role, bool may_look) {
    KnownName* place = PlaceOf(role);
    if (may_look && IsTransactionState())
        Look(place, role);
    return OidIsValid(role) && place->role == role ? NameStr(place->name) : nullptr;
}

void AddText(StringInfo json, const char* key, const char* value) {
    if (value == nullptr || value[0] == '\0')
        return;
    appendStringInfo(json, ",\"%s\":", key);
    escape_json(json, value);
}

void AddBytes(StringInfo json, const char* key, const char* bytes, uint32_t size) {
    if (size == 0)
        return;
    char* text = pnstrdup(bytes, size);
    AddText(json, key, text);
    pfree(text);
}

void AddNumber(StringInfo json, const char* key, int64_t number, int64_t absent) {
    if (number != absent)
        appendStringInfo(json, ",\"%s\":%lld", key, (long long)number);
}

void AddTime(StringInfo json, const char* key, TimestampTz time) {
    if (time != 0)
        appendStringInfo(json, ",\"%s\":\"%s\"", key, timestamptz_to_str(time));
}

void AddDigest(StringInfo json, const uint8_t* digest) {
    appendStringInfoString(json, ",\"statement_sha256\":\"");
    for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
        appendStringInfo(json, "%02x", digest[i]);
    appendStringInfoChar(json, '"');
}

void AddOrigin(StringInfo json, const Origin* origin, bool may_look) {
    appendStringInfo(json, ",\"session_user_oid\":%u,\"pid\":%d", origin->session_user, origin->pid);
    AddText(json, "session_user_name", NameOfRole(origin->session_user, may_look));
    AddText(json, "current_user_name", NameOfRole(origin->current_user, may_look));
    AddText(json, "authenticated_user_name", NameOfRole(origin->authenticated_user, may_look));
    AddText(json, "authn_id", origin->authn_id);
    AddText(json, "client_addr", origin->client_addr);
    AddText(json, "application_name", origin->application_name);
    AddTime(json, "backend_start", origin->backend_start);
    appendStringInfo(json, ",\"session_id\":\"%lx.%x\"", (long)timestamptz_to_time_t(origin->backend_start), origin->pid);
}

void AddFields(StringInfo json, const AuditFields* fields) {
    AddNumber(json, "statement_id", int64_t(fields->statement_id), 0);
    AddTime(json, "occurred_at", fields->occurred_at);
    AddNumber(json, "xid", int64_t(fields->xid), 0);
    AddNumber(json, "query_id", int64_t(fields->query_id), 0);
    AddText(json, "schema_name", NameStr(fields->schema_name));
    AddText(json, "relation_name", NameStr(fields->relation_name));
    AddNumber(json, "policy_version", fields->policy_version, 0);
    AddNumber(json, "grant_id", fields->grant_id, 0);
    AddNumber(json, "request_id", fields->request_id, 0);
    AddNumber(json, "executions", fields->executions, 0);
    AddNumber(json, "repeats", fields->repeats, 0);
    if (fields->has_digest)
        AddDigest(json, fields->digest);
    if (!fields->finished)
        return;
    AddText(json, "outcome", fields->failed ? "error" : "ok");
    AddNumber(json, "rows_processed", fields->rows, -1);
    AddNumber(json, "duration_us", fields->duration_us, -1);
    if (fields->sqlstate != 0)
        AddText(json, "sqlstate", unpack_sql_state(fields->sqlstate));
}

void AddParts(StringInfo json, const EntryHeader* header, const EntryParts* parts) {
    bool is_action = header->kind == EntryKind::Action;
    AddBytes(json, "policy_name", parts->policy_name, parts->policy_name_size);
    AddBytes(json, "action", parts->action, parts->action_size);
    if (is_action && parts->arguments_size > 0) {    // JSON already
        appendStringInfoString(json, ",\"arguments\":");
        appendBinaryStringInfo(json, parts->arguments, int(parts->arguments_size));
    } else {
        AddBytes(json, "comment", parts->arguments, parts->arguments_size);
    }
    AddBytes(json, "statement", parts->text, parts->text_size);
}

void CountLogged(Oid oid) {
    Database* database = FindDatabase(oid);
    pg_atomic_fetch_add_u64(database == nullptr ? &shared->lost : &database->lost, 1);
}

// Puts words before a line that is not ours. The server's own words around it stay: who, when, and which statement.
void WriteAsTheirs(ErrorData* error) {
    error->output_to_server = false;
    ereport(LOG_SERVER_ONLY, (errcode(error->sqlerrcode), errmsg("%s of a session: %s", error_severity(error->elevel), error->message),
                              error->detail == nullptr ? 0 : errdetail_internal("%s", error->detail),
                              error->hint == nullptr ? 0 : errhint("%s", error->hint)));
}

void OnLog(ErrorData* error) {
    if (error->elevel >= FATAL)
        fatal_error = error->sqlerrcode;
    bool ours = is_ours;
    is_ours = false;    // also when what we wanted to write has failed
    const char* begin = error->message == nullptr || ours ? "" : error->message + strspn(error->message, " \t\r\n");
    if (unlikely(strncmp(begin, mark, sizeof mark - 2) == 0))
        WriteAsTheirs(error);
    if (previous_emit != nullptr)
        previous_emit(error);
}

}    // namespace

const char* WhyNot(Enqueued sent) {
    return sent == Enqueued::RingFull ? "The recorder's queue is full."
           : RecoveryInProgress()     ? "This is a standby, where nothing is recorded."
                                      : "The recorder is not running.";
}

void RememberNames(const Origin* origin) {
    Remember(origin->session_user);
    if (unlikely(origin->current_user != origin->session_user))
        Remember(origin->current_user);
    if (unlikely(origin->authenticated_user != origin->session_user))
        Remember(origin->authenticated_user);
}

void RememberActors() {
    Remember(CurrentSubject());
    Remember(GetUserId());
    Remember(GetAuthenticatedUserId());
}

void LogRowOf(Oid database, const EntryHeader* header, const EntryParts* parts, const char* why, bool may_look) {
    const AuditFields* fields = &header->fields;
    const char* name = may_look && OidIsValid(database) && IsTransactionState() ? get_database_name(database) : nullptr;
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"event\":\"%s\"", NameOf(fields->event));
    AddText(&json, "command", fields->has_command ? NameOf(fields->command) : nullptr);
    AddNumber(&json, "relation_oid", fields->relation, 0);
    AddNumber(&json, "database_oid", database, 0);
    AddText(&json, "database_name", name);
    AddOrigin(&json, &header->origin, may_look);
    AddFields(&json, fields);
    AddParts(&json, header, parts);
    appendStringInfoChar(&json, '}');
    is_ours = true;
    LogAnyway([&json, why] {
        ereport(LOG_SERVER_ONLY, (errmsg_internal("pg_warrant: %s", json.data), errdetail_internal("%s", why), errhidestmt(true), errhidecontext(true)));
    });
    pfree(json.data);
    CountLogged(database);
}

void LogRow(const EntryHeader* header, const EntryParts* parts, const char* why, bool may_look) {
    LogRowOf(MyDatabaseId, header, parts, why, may_look);
}

int FatalError() { return fatal_error; }

void InstallLogLines() {
    previous_emit = emit_log_hook;
    emit_log_hook = OnLog;
}

}    // namespace warrant
