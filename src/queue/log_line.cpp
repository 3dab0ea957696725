#include "pg/server.hpp"

#include "pg/log.hpp"
#include "rules/subject.hpp"
#include "queue/audit_columns.hpp"
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
    if (PlaceOf(role)->role != role)
        Look(PlaceOf(role), role);
}

const char* KnownNameOf(Oid role) {
    const KnownName* place = PlaceOf(role);
    return OidIsValid(role) && place->role == role ? NameStr(place->name) : nullptr;
}

const char* NameNow(Oid role) {
    if (IsTransactionState())
        Look(PlaceOf(role), role);
    return KnownNameOf(role);
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

void AddColumns(StringInfo json, const EntryHeader* header, const EntryParts* parts, bool may_look) {
    AuditSource source = {0, 0, nullptr, header, *parts, &header->fields, may_look ? NameNow : KnownNameOf, nullptr};
    for (int i = 0; i < audit_column_count; i++)
        AddAsJson(json, &audit_columns[i], source, Absent::LeftOut);
}

void AddParts(StringInfo json, const EntryHeader* header, const EntryParts* parts) {
    AddBytes(json, "action", parts->action, parts->action_size);
    if (header->kind == EntryKind::Action && parts->arguments_size > 0) {    // JSON already
        appendStringInfoString(json, ",\"arguments\":");
        appendBinaryStringInfo(json, parts->arguments, int(parts->arguments_size));
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
    ereport(LOG_SERVER_ONLY,
            (errcode(error->sqlerrcode), errmsg("%s of a session: %s", error_severity(error->elevel), error->message),
             error->detail == nullptr ? 0 : errdetail_internal("%s", error->detail), error->hint == nullptr ? 0 : errhint("%s", error->hint)));
}

void OnLog(ErrorData* error) {
    if (error->elevel >= FATAL)
        fatal_error = error->sqlerrcode;
    bool ours = is_ours;
    is_ours = false;    // also when what we wanted to write has failed
    const char* begin = error->message == nullptr || ours ? "" : error->message + strspn(error->message, " \t\r\n");
    if (strncmp(begin, mark, sizeof mark - 2) == 0)
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
    if (origin->current_user != origin->session_user)
        Remember(origin->current_user);
    if (origin->authenticated_user != origin->session_user)
        Remember(origin->authenticated_user);
}

void RememberActors() {
    Remember(CurrentSubject());
    Remember(GetUserId());
    Remember(GetAuthenticatedUserId());
}

void LogRowOf(Oid database, const EntryHeader* header, const EntryParts* parts, const char* why, bool may_look) {
    const char* name = may_look && OidIsValid(database) && IsTransactionState() ? get_database_name(database) : nullptr;
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    AddColumns(&json, header, parts, may_look);
    if (OidIsValid(database))
        appendStringInfo(&json, ",\"database_oid\":%u", database);
    AddText(&json, "database_name", name);
    AddParts(&json, header, parts);
    appendStringInfoChar(&json, '}');
    is_ours = true;
    LogAnyway([&json, why] {
        ereport(LOG_SERVER_ONLY,
                (errmsg_internal("pg_warrant: %s", json.data), errdetail_internal("%s", why), errhidestmt(true), errhidecontext(true)));
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
