#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/text.hpp"
#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "queue/audit_columns.hpp"
#include "queue/entry.hpp"
#include "queue/ring.hpp"
#include "recorder/kept_notices.hpp"
#include "recorder/log_rows.hpp"
#include "recorder/seal.hpp"
#include "recorder/tickets.hpp"

namespace warrant {

SealState* seal_state = nullptr;

namespace {

// One row on its way into the log, a value for each of our columns.
struct Row {
    Datum values[most_audit_columns];
    char nulls[most_audit_columns];
};

// The statement names those of our columns that the table has: until ALTER EXTENSION UPDATE it is the older script's.
char* InsertStatement(Relation log) {
    StringInfoData names, places;
    initStringInfo(&names);
    initStringInfo(&places);
    for (int i = 0; i < audit_column_count; i++) {
        if (get_attnum(RelationGetRelid(log), audit_columns[i].name) == InvalidAttrNumber)
            continue;
        appendStringInfo(&names, "%s, ", audit_columns[i].name);
        appendStringInfo(&places, "$%d, ", i + 1);
    }
    auto place = [](const char* name) { return AuditColumnNamed(name) + 1; };
    int role = place("session_user_oid");
    return psprintf(
        "INSERT INTO warrant.audit_log (%sdatabase_name, person) VALUES (%scurrent_database(), "
        "coalesce((SELECT p.person FROM warrant.persons p WHERE p.role = $%d), $%d, $%d::text, $%d::text, 'role ' || $%d))",
        names.data, places.data, role, place("authn_id"), place("authenticated_user_name"), place("session_user_name"), role);
}

// The plan is made anew when the table has changed.
SPIPlanPtr InsertPlan(Relation log) {
    static SPIPlanPtr plan = nullptr;
    if (plan == nullptr || !SPI_plan_is_valid(plan)) {
        Oid types[most_audit_columns];
        for (int i = 0; i < audit_column_count; i++)
            types[i] = audit_columns[i].type;
        SPIPlanPtr made = SPI_prepare(InsertStatement(log), audit_column_count, types);
        SPI_keepplan(made);
        if (plan != nullptr)
            SPI_freeplan(plan);
        plan = made;
    }
    return plan;
}

// The name of a role, which a session of a database of another encoding may have given.
const char* RoleName(Oid role) {
    const char* name = OidIsValid(role) ? GetUserNameFromId(role, true) : nullptr;
    return name == nullptr ? nullptr : CleanedText(name);
}

// The elements of a JSON array of texts, of which null is NULL.
Datum NamesOf(const char* json) {
    Jsonb* names = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
    JsonbIterator* next = JsonbIteratorInit(&names->root);
    JsonbValue name;
    ArrayBuildState* array = initArrayResult(NAMEOID, CurrentMemoryContext, false);
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&next, &name, true)) != WJB_DONE;)
        if (token == WJB_ELEM)
            array = accumArrayResult(
                array,
                name.type == jbvString ? DirectFunctionCall1(namein, CStringGetDatum(pnstrdup(name.val.string.val, name.val.string.len))) : Datum(0),
                name.type != jbvString, NAMEOID, CurrentMemoryContext);
    return makeArrayResult(array, CurrentMemoryContext);
}

Datum DatumOf(const AuditColumn* column, const AuditValue* value) {
    switch (column->type) {
        case INT4OID: return Int32GetDatum(int32(value->number));
        case OIDOID: return ObjectIdGetDatum(Oid(value->number));
        case NAMEARRAYOID: return NamesOf(pnstrdup(value->text, value->size));
        case NAMEOID: return DirectFunctionCall1(namein, CStringGetDatum(pnstrdup(value->text, value->size)));
        case INTERVALOID: return IntervalPGetDatum(IntervalOf(value->number));
        case TEXTOID:
        case BYTEAOID: return PointerGetDatum(cstring_to_text_with_len(value->text, int(value->size)));
        default: return Int64GetDatum(value->number);    // bigint and timestamptz
    }
}

void Put(Row* row, int place, Datum value, bool present) {
    row->values[place] = value;
    row->nulls[place] = present ? ' ' : 'n';
}

void PutNamed(Row* row, const char* name, Datum value, bool present = true) { Put(row, AuditColumnNamed(name), value, present); }

// The text of a statement, with what the sealed row holds of it; the salt is its key.
struct SealedText {
    const char* text;
    int size;
    uint8_t salt[16];
    uint8_t hmac[PG_SHA256_DIGEST_LENGTH];
};

void Sign(SealedText* sealed, const char* text, int size) {
    sealed->text = text;
    sealed->size = size;
    if (!pg_strong_random(sealed->salt, sizeof sealed->salt))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random salt")));
    SignText(sealed->salt, sizeof sealed->salt, text, size, sealed->hmac);
}

void InsertText(const Datum* row, const SealedText* sealed) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT8OID, TIMESTAMPTZOID, BYTEAOID, TEXTOID};
    Prepared(&plan, "INSERT INTO warrant.audit_text (seq, sealed_at, salt, statement) VALUES ($1, $2, $3, $4)", 4, types);
    Datum values[] = {row[AuditColumnNamed("seq")], row[AuditColumnNamed("sealed_at")],
                      PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<const char*>(sealed->salt), sizeof sealed->salt)),
                      PointerGetDatum(cstring_to_text_with_len(sealed->text, sealed->size))};
    SPI_execute_plan(plan, values, nullptr, false, 0);
}

// The table is opened once, for whichever way the row takes. Whoever changes its columns waits for our transaction.
void Insert(Row* row, const SealedText* sealed) {
    Relation log = table_open(get_relname_relid("audit_log", get_namespace_oid(schema_name, false)), RowExclusiveLock);
    if (!InsertLogRow(log, row->values, row->nulls))
        SPI_execute_plan(InsertPlan(log), row->values, row->nulls, false, 0);
    table_close(log, NoLock);
    if (sealed != nullptr)
        InsertText(row->values, sealed);
}

// The numbers are remembered by subtransaction, because PL/pgSQL may catch an error that comes after rows were numbered: the log would have a gap.
// Our own subtransactions do not nest so deep.
constexpr int deepest = 32;
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

int64_t NextSeq() {
    ForgetNotices(seal_state->last_seq + 1);
    return ++seal_state->last_seq;
}

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
    EntryParts parts = PartsOf(entry);
    SealedText sealed;
    bool has_text = parts.text_size > 0;
    if (has_text)
        Sign(&sealed, parts.text, int(parts.text_size));
    AuditSource source = {NextSeq(),
                          SealTime(),
                          has_text ? sealed.hmac : nullptr,
                          entry,
                          parts,
                          outcome != nullptr ? outcome : &entry->fields,
                          RoleName,
                          TicketOf(entry->fields.grant_id, entry->fields.request_id)};
    Row row;
    for (int i = 0; i < audit_column_count; i++) {
        AuditValue value = audit_columns[i].value(source);
        Put(&row, i, value.present ? DatumOf(&audit_columns[i], &value) : Datum(0), value.present);
    }
    Insert(&row, has_text ? &sealed : nullptr);
}

namespace {

// The text of a member of an object, as ->> has it, where it is no object; nullptr for none. is_known: whether the object has the key.
char* Member(const Jsonb* object, const char* key, bool* is_known) {
    JsonbValue found;
    *is_known = object != nullptr && JB_ROOT_IS_OBJECT(object) &&
                getKeyJsonValueFromContainer(const_cast<JsonbContainer*>(&object->root), key, int(strlen(key)), &found) != nullptr;
    if (!*is_known || found.type == jbvNull)
        return nullptr;
    if (found.type == jbvString)
        return pnstrdup(found.val.string.val, found.val.string.len);
    if (found.type == jbvNumeric)
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(found.val.numeric)));
    if (found.type == jbvBinary && JsonContainerIsArray(found.val.binary.data))
        return JsonbToCString(nullptr, found.val.binary.data, found.val.binary.len);
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" of an audit row is no text, number or array", key)));
}

// A value that SQL gives. The number 0 and the empty name stand for none.
void PutText(Row* row, int place, char* text) {
    Oid type = audit_columns[place].type, input, of_elements;
    bool present = text != nullptr && (type != NAMEOID || text[0] != '\0');
    Datum value = 0;
    if (present && type == TEXTOID) {
        value = CStringGetTextDatum(text);
    } else if (present && type == NAMEARRAYOID) {
        value = NamesOf(text);
    } else if (present) {
        getTypeInputInfo(type, &input, &of_elements);
        value = OidInputFunctionCall(input, text, of_elements, -1);
    }
    bool is_number = type == INT4OID || type == INT8OID || type == OIDOID;
    Put(row, place, value, present && (!is_number || value != 0));
}

// Takes each column from the object that is about its part. A key of the access that no column has would be a fact that is lost.
void PutFacts(Row* row, const SealCall* call) {
    const Jsonb* parts[] = {nullptr, call->origin, call->statement, call->access};
    uint32_t taken = 0;
    for (int i = 0; i < audit_column_count; i++) {
        bool is_known;
        PutText(row, i, Member(parts[int(audit_columns[i].part)], audit_columns[i].name, &is_known));
        taken += is_known && audit_columns[i].part == AuditPart::Access;
    }
    if (call->access != nullptr && taken < JB_ROOT_COUNT(call->access))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("the audit log has no column for a fact that is to be sealed")));
}

void PutDefault(Row* row, const char* name, Datum value) {
    if (row->nulls[AuditColumnNamed(name)] != ' ')
        PutNamed(row, name, value);
}

// The grant or request may have been made in this very transaction.
void PutTicket(Row* row) {
    int64_t grant = DatumGetInt64(row->values[AuditColumnNamed("grant_id")]), request = DatumGetInt64(row->values[AuditColumnNamed("request_id")]);
    if (const char* ticket = TicketNow(grant, request))
        PutNamed(row, "ticket", CStringGetTextDatum(ticket));
}

}    // namespace

int64_t SealFacts(const SealCall* call) {
    Row row;
    SealedText sealed;
    bool has_text = call->statement_text != nullptr;
    PutFacts(&row, call);
    PutDefault(&row, "occurred_at", TimestampTzGetDatum(GetCurrentTimestamp()));
    PutDefault(&row, "executions", Int32GetDatum(1));
    PutDefault(&row, "repeats", Int32GetDatum(1));
    PutTicket(&row);
    PutNamed(&row, "event", PointerGetDatum(call->event));
    PutNamed(&row, "statement_sha256", PointerGetDatum(call->digest), call->digest != nullptr);
    if (has_text) {
        Sign(&sealed, VARDATA_ANY(call->statement_text), VARSIZE_ANY_EXHDR(call->statement_text));
        PutNamed(&row, "statement_hmac", PointerGetDatum(cstring_to_text_with_len(reinterpret_cast<char*>(sealed.hmac), sizeof sealed.hmac)));
    }
    int64_t seq = NextSeq();
    PutNamed(&row, "seq", Int64GetDatum(seq));
    PutNamed(&row, "sealed_at", TimestampTzGetDatum(SealTime()));
    Insert(&row, has_text ? &sealed : nullptr);
    KeepNotice(seq, call->event, DatumGetInt64(row.values[AuditColumnNamed("request_id")]), DatumGetInt64(row.values[AuditColumnNamed("grant_id")]));
    return seq;
}

void SealNote(const char* event, const char* comment) {
    StringInfoData access;
    initStringInfo(&access);
    appendStringInfoString(&access, "{\"comment\":");
    escape_json(&access, comment);
    appendStringInfoChar(&access, '}');
    SealCall call = {};
    call.event = cstring_to_text(event);
    call.access = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(access.data)));
    SealFacts(&call);
}

namespace {

void AddPart(StringInfo json, const EntryHeader* entry, AuditPart part) {
    AuditSource source = {0, 0, nullptr, entry, EntryParts{}, &entry->fields, RoleName, nullptr};
    for (int i = 0; i < audit_column_count; i++)
        if (audit_columns[i].part == part)
            AddAsJson(json, &audit_columns[i], source, Absent::Null);
}

}    // namespace

char* OriginAsJson(const Origin* origin) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"current_user_oid\":%u,\"authenticated_user_oid\":%u", origin->current_user, origin->authenticated_user);
    EntryHeader entry = {};
    entry.origin = *origin;
    AddPart(&json, &entry, AuditPart::Session);
    appendStringInfoChar(&json, '}');
    return json.data;
}

char* StatementAsJson(const EntryHeader* entry) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    AddPart(&json, entry, AuditPart::Statement);
    appendStringInfoChar(&json, '}');
    return json.data;
}

}    // namespace warrant
