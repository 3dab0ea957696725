#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "queue/audit_columns.hpp"
#include "queue/entry.hpp"

namespace warrant {

namespace {

using Source = const AuditSource&;

const char* const event_names[] = {"allowed", "outcome", "refused", "would_refuse", "exempt", "indirect_attempt", "role_changed", "config_changed"};

AuditValue Number(int64_t number, bool present) { return AuditValue{present, number, nullptr, 0}; }

// A number of which 0 is none.
AuditValue Number(int64_t number) { return Number(number, number != 0); }

AuditValue Bytes(const void* bytes, uint32_t size, bool present) { return AuditValue{present, 0, static_cast<const char*>(bytes), size}; }

// Text of which the empty one is none.
AuditValue Text(const char* text) {
    bool present = text != nullptr && text[0] != '\0';
    return Bytes(text, present ? uint32_t(strlen(text)) : 0, present);
}

AuditValue NameOfRole(Source row, Oid role) { return Text(row.name_of_role(role)); }

const Origin& Session(Source row) { return row.entry->origin; }
const AuditFields& Fields(Source row) { return row.entry->fields; }

// A session that is not known has no process.
bool HasSession(Source row) { return Session(row).pid != 0; }

AuditValue SessionId(Source row) {
    return Text(HasSession(row) ? psprintf("%lx.%x", (long)timestamptz_to_time_t(Session(row).backend_start), Session(row).pid) : nullptr);
}

AuditValue Outcome(Source row) { return Text(!row.end->finished ? nullptr : row.end->failed ? "error" : "ok"); }

// The arguments of a record are its comment; those of an action are JSON.
AuditValue Comment(Source row) {
    return Bytes(row.parts.arguments, row.parts.arguments_size, row.entry->kind == EntryKind::Audit && row.parts.arguments_size > 0);
}

}    // namespace

const AuditColumn audit_columns[] = {
    {"event", TEXTOID, AuditPart::Row, [](Source row) { return Text(NameOf(Fields(row).event)); }},
    {"command", TEXTOID, AuditPart::Access, [](Source row) { return Text(Fields(row).has_command ? NameOf(Fields(row).command) : nullptr); }},
    {"relation_oid", OIDOID, AuditPart::Access, [](Source row) { return Number(Fields(row).relation); }},
    {"schema_name", NAMEOID, AuditPart::Access, [](Source row) { return Text(NameStr(Fields(row).schema_name)); }},
    {"relation_name", NAMEOID, AuditPart::Access, [](Source row) { return Text(NameStr(Fields(row).relation_name)); }},
    {"seq", INT8OID, AuditPart::Row, [](Source row) { return Number(row.seq); }},
    {"sealed_at", TIMESTAMPTZOID, AuditPart::Row, [](Source row) { return Number(row.sealed_at); }},
    {"session_user_oid", OIDOID, AuditPart::Session, [](Source row) { return Number(Session(row).session_user, true); }},
    {"session_user_name", NAMEOID, AuditPart::Session, [](Source row) { return NameOfRole(row, Session(row).session_user); }},
    {"current_user_name", NAMEOID, AuditPart::Session, [](Source row) { return NameOfRole(row, Session(row).current_user); }},
    {"authenticated_user_name", NAMEOID, AuditPart::Session, [](Source row) { return NameOfRole(row, Session(row).authenticated_user); }},
    {"authn_id", TEXTOID, AuditPart::Session, [](Source row) { return Text(Session(row).authn_id); }},
    {"client_addr", TEXTOID, AuditPart::Session, [](Source row) { return Text(Session(row).client_addr); }},
    {"application_name", TEXTOID, AuditPart::Session, [](Source row) { return Text(Session(row).application_name); }},
    {"pid", INT4OID, AuditPart::Session, [](Source row) { return Number(Session(row).pid, HasSession(row)); }},
    {"session_id", TEXTOID, AuditPart::Session, SessionId},
    {"backend_start", TIMESTAMPTZOID, AuditPart::Session, [](Source row) { return Number(Session(row).backend_start, HasSession(row)); }},
    {"occurred_at", TIMESTAMPTZOID, AuditPart::Statement, [](Source row) { return Number(Fields(row).occurred_at); }},
    {"statement_id", INT8OID, AuditPart::Statement, [](Source row) { return Number(int64_t(Fields(row).statement_id)); }},
    {"xid", INT8OID, AuditPart::Statement, [](Source row) { return Number(int64_t(Fields(row).xid)); }},
    {"query_id", INT8OID, AuditPart::Statement, [](Source row) { return Number(int64_t(Fields(row).query_id)); }},
    {"statement_sha256", BYTEAOID, AuditPart::Row,
     [](Source row) { return Bytes(Fields(row).digest, sizeof Fields(row).digest, Fields(row).has_digest); }},
    {"statement_hmac", BYTEAOID, AuditPart::Row, [](Source row) { return Bytes(row.hmac, PG_SHA256_DIGEST_LENGTH, row.hmac != nullptr); }},
    {"policy_name", TEXTOID, AuditPart::Access,
     [](Source row) { return Bytes(row.parts.policy_name, row.parts.policy_name_size, row.parts.policy_name_size > 0); }},
    {"policy_version", INT4OID, AuditPart::Access, [](Source row) { return Number(Fields(row).policy_version, row.parts.policy_name_size > 0); }},
    {"grant_id", INT8OID, AuditPart::Access, [](Source row) { return Number(Fields(row).grant_id); }},
    {"request_id", INT8OID, AuditPart::Access, [](Source row) { return Number(Fields(row).request_id); }},
    {"executions", INT4OID, AuditPart::Access, [](Source row) { return Number(row.end->executions); }},
    {"repeats", INT4OID, AuditPart::Access, [](Source row) { return Number(Fields(row).repeats); }},
    {"outcome", TEXTOID, AuditPart::Access, Outcome},
    {"rows_processed", INT8OID, AuditPart::Access, [](Source row) { return Number(row.end->rows, row.end->finished && row.end->rows >= 0); }},
    {"duration", INTERVALOID, AuditPart::Access,
     [](Source row) { return Number(row.end->duration_us, row.end->finished && row.end->duration_us >= 0); }},
    {"sqlstate", TEXTOID, AuditPart::Access,
     [](Source row) { return Text(row.end->finished && row.end->sqlstate != 0 ? unpack_sql_state(row.end->sqlstate) : nullptr); }},
    {"comment", TEXTOID, AuditPart::Access, Comment},
    {"rows_estimated", INT8OID, AuditPart::Access, [](Source row) { return Number(Fields(row).rows_estimated, Fields(row).rows_estimated >= 0); }},
    {"ticket", TEXTOID, AuditPart::Access, [](Source row) { return Text(row.ticket); }},
    {"columns", NAMEARRAYOID, AuditPart::Access,
     [](Source row) { return Bytes(row.parts.columns, row.parts.columns_size, row.parts.columns_size > 0); }},
};
const int audit_column_count = lengthof(audit_columns);
static_assert(lengthof(audit_columns) <= most_audit_columns);

void FillStatementFields(AuditFields* fields, uint64_t id, uint64_t query_id, TimestampTz now) {
    fields->statement_id = id;
    fields->occurred_at = now;
    fields->xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    fields->query_id = query_id;
    fields->has_digest = true;
}

const char* NameOf(Event event) { return event_names[int(event)]; }

int AuditColumnNamed(const char* name) {
    for (int place = 0; place < audit_column_count; place++)
        if (strcmp(audit_columns[place].name, name) == 0)
            return place;
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("the audit log has no column \"%s\"", name)));
}

void AddAsJson(StringInfo json, const AuditColumn* column, const AuditSource& source, Absent absent) {
    AuditValue value = column->value(source);
    if (!value.present && absent == Absent::LeftOut)
        return;
    appendStringInfo(json, "%s\"%s%s\":", json->data[json->len - 1] == '{' ? "" : ",", column->name, column->type == INTERVALOID ? "_us" : "");
    if (!value.present) {
        appendStringInfoString(json, "null");
    } else if (column->type == BYTEAOID) {
        appendStringInfoChar(json, '"');
        for (uint32_t i = 0; i < value.size; i++)
            appendStringInfo(json, "%02x", uint8_t(value.text[i]));
        appendStringInfoChar(json, '"');
    } else if (column->type == TEXTOID || column->type == NAMEOID) {
        escape_json(json, pnstrdup(value.text, value.size));
    } else if (column->type == NAMEARRAYOID) {
        appendBinaryStringInfo(json, value.text, int(value.size));
    } else if (column->type == TIMESTAMPTZOID) {
        appendStringInfo(json, "\"%s\"", timestamptz_to_str(value.number));
    } else {
        appendStringInfo(json, "%lld", (long long)value.number);
    }
}

}    // namespace warrant
