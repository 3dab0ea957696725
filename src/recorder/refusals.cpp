#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "queue/log_line.hpp"
#include "queue/ring.hpp"
#include "recorder/refusals.hpp"
#include "recorder/repeats.hpp"
#include "recorder/seal.hpp"

namespace warrant {

namespace {

// What does not change in one row of a kept refusal, however often the refusal comes.
struct KeptRow {
    AuditFields fields;
    char* policy_name;
    char* columns;    // a JSON array, or empty
};

struct KeptRefusal {
    Oid subject;
    uint32_t arguments_size;    // 0: the place is free
    char* arguments;
    char answer[sizeof Reply::answer];
    int count;
    KeptRow* rows;
};

constexpr int places = 64;    // a power of two
KeptRefusal kept_refusals[places];
MemoryContext memory = nullptr;
// How many refusals were kept since the memory was empty.
int times_kept = 0;
constexpr int most_times = 1000;

KeptRefusal* PlaceOf(Oid subject, const EntryParts* parts) {
    uint32_t mix = hash_bytes(reinterpret_cast<const unsigned char*>(parts->arguments), int(parts->arguments_size)) ^ subject;
    return &kept_refusals[mix & (places - 1)];
}

// The row as an entry of its own, with the facts of the statement that is refused now.
EntryHeader* EntryOf(const EntryHeader* entry, const EntryParts* parts, const KeptRow* row) {
    uint32_t name_size = strlen(row->policy_name), columns_size = strlen(row->columns);
    EntryHeader* made = static_cast<EntryHeader*>(palloc(sizeof(EntryHeader) + name_size + columns_size + parts->text_size));
    *made = *entry;
    made->policy_name_size = name_size;
    made->columns_size = columns_size;
    made->action_size = made->arguments_size = 0;
    made->text_size = parts->text_size;
    char* bytes = reinterpret_cast<char*>(made + 1);
    memcpy(bytes, row->policy_name, name_size);
    memcpy(bytes + name_size, row->columns, columns_size);
    memcpy(bytes + name_size + columns_size, parts->text, parts->text_size);
    made->fields.event = Event::Refused;
    made->fields.command = row->fields.command;
    made->fields.has_command = true;
    made->fields.relation = row->fields.relation;
    made->fields.schema_name = row->fields.schema_name;
    made->fields.relation_name = row->fields.relation_name;
    made->fields.policy_version = row->fields.policy_version;
    made->fields.request_id = row->fields.request_id;
    made->fields.rows_estimated = row->fields.rows_estimated;
    return made;
}

Command CommandNamed(const char* name) {
    CommandMask mask = ParseCommand(name);
    int command = 0;
    while (command < command_count - 1 && mask != MaskOf(Command(command)))
        command++;
    return Command(command);
}

// The columns of a row of the log, as a JSON array; empty for none.
const char* ColumnsOf(HeapTuple tuple, TupleDesc shape) {
    bool is_null = true;
    int place = SPI_fnumber(shape, "columns");
    Datum names = place > 0 ? SPI_getbinval(tuple, shape, place, &is_null) : Datum(0);
    return is_null ? "" : TextDatumGetCString(DirectFunctionCall1(array_to_json, names));
}

void ReadRow(KeptRow* row, HeapTuple tuple, TupleDesc shape) {
    auto text = [&](const char* column) {
        char* value = SPI_getvalue(tuple, shape, SPI_fnumber(shape, column));
        return value == nullptr ? "" : value;
    };
    row->fields.command = CommandNamed(text("command"));
    row->fields.relation = Oid(strtoul(text("relation_oid"), nullptr, 10));
    namestrcpy(&row->fields.schema_name, text("schema_name"));
    namestrcpy(&row->fields.relation_name, text("relation_name"));
    row->policy_name = MemoryContextStrdup(memory, text("policy_name"));
    row->fields.policy_version = int32_t(strtol(text("policy_version"), nullptr, 10));
    row->fields.request_id = strtoll(text("request_id"), nullptr, 10);
    row->columns = MemoryContextStrdup(memory, ColumnsOf(tuple, shape));
    const char* estimated = text("rows_estimated");
    row->fields.rows_estimated = estimated[0] == '\0' ? -1 : strtoll(estimated, nullptr, 10);
}

// Rows of the refusal that was just executed, in the order in which they were sealed. All columns, because an older script has fewer.
uint64_t SelectRows(int64_t after_seq) {
    static SPIPlanPtr plan = nullptr;
    Oid types[] = {INT8OID};
    Datum values[] = {Int64GetDatum(after_seq)};
    SPI_execute_plan(Prepared(&plan, "SELECT * FROM warrant.audit_log WHERE seq > $1 AND event = 'refused' ORDER BY seq", 1, types), values, nullptr,
                     false, 0);
    return SPI_processed;
}

// Whether the answer lasts: requests were filed or found, or none could help. A reason why none was filed may have an end.
bool IsLasting(const Reply* reply) { return !reply->failed && !reply->is_null && reply->answer[strspn(reply->answer, "0123456789,")] == '\0'; }

void KeepRows(Repeated* repeated, const EntryHeader* entry, const EntryParts* parts, const KeptRefusal* known) {
    RememberNames(&entry->origin);
    MemoryContext caller = MemoryContextSwitchTo(repeated->memory);
    EntryHeader** rows = static_cast<EntryHeader**>(palloc(known->count * sizeof(EntryHeader*)));
    for (int i = 0; i < known->count; i++)
        rows[i] = EntryOf(entry, parts, &known->rows[i]);
    repeated->rows = rows;
    repeated->row_count = known->count;
    MemoryContextSwitchTo(caller);
}

}    // namespace

bool IsRefusal(const EntryHeader* entry) {
    constexpr char action[] = "refuse";
    EntryParts parts = PartsOf(entry);
    return parts.action_size == sizeof action - 1 && memcmp(parts.action, action, parts.action_size) == 0;
}

bool IsKeptRefusal(const EntryHeader* entry) {
    if (times_kept == 0 || !IsRefusal(entry))
        return false;
    EntryParts parts = PartsOf(entry);
    const KeptRefusal* known = PlaceOf(entry->origin.session_user, &parts);
    return known->subject == entry->origin.session_user && known->arguments_size > 0 && known->arguments_size == parts.arguments_size &&
           memcmp(known->arguments, parts.arguments, parts.arguments_size) == 0;
}

void RepeatRefusal(const EntryHeader* entry, Reply* reply) {
    EntryParts parts = PartsOf(entry);
    const KeptRefusal* known = PlaceOf(entry->origin.session_user, &parts);
    Repeated* repeated = FindRepeated(entry);
    for (int i = 0; i < known->count && repeated == nullptr; i++)
        SealEntry(EntryOf(entry, &parts, &known->rows[i]), nullptr);
    if (repeated == nullptr)
        CountRepeatsOf(entry);
    else if (repeated->rows == nullptr)
        KeepRows(repeated, entry, &parts, known);
    if (repeated != nullptr)
        repeated->counted++;
    *reply = Reply{};
    strlcpy(reply->answer, known->answer, sizeof reply->answer);
}

void KeepRefusal(const EntryHeader* entry, const Reply* reply, int64_t after_seq) {
    EntryParts parts = PartsOf(entry);
    if (!IsLasting(reply))
        return;
    if (times_kept == most_times)
        ForgetRefusals();
    if (memory == nullptr)
        memory = AllocSetContextCreate(TopMemoryContext, "pg_warrant refusals", ALLOCSET_SMALL_SIZES);
    KeptRefusal* place = PlaceOf(entry->origin.session_user, &parts);
    place->arguments_size = 0;
    place->count = int(SelectRows(after_seq));
    place->rows = static_cast<KeptRow*>(MemoryContextAllocZero(memory, place->count * sizeof(KeptRow)));
    for (int i = 0; i < place->count; i++)
        ReadRow(&place->rows[i], SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
    place->arguments = static_cast<char*>(MemoryContextAlloc(memory, parts.arguments_size));
    memcpy(place->arguments, parts.arguments, parts.arguments_size);
    strlcpy(place->answer, reply->answer, sizeof place->answer);
    place->subject = entry->origin.session_user;
    place->arguments_size = parts.arguments_size;
    times_kept++;
    CountRepeatsOf(entry);
}

void ForgetRefusals() {
    CloseRepeats();
    if (times_kept == 0)
        return;
    memset(kept_refusals, 0, sizeof kept_refusals);
    MemoryContextReset(memory);
    times_kept = 0;
}

}    // namespace warrant
