#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/exact.hpp"
#include "queue/origin.hpp"
#include "statement/statement_record.hpp"
#include "gate/access/plan_notes.hpp"
#include "gate/check/identity.hpp"
#include "gate/check/objects.hpp"

namespace warrant {

namespace {

uint8_t* PartOf(StatementIdentity* identity, IdentityPart part) { return identity->digests[int(part)]; }

// --- what is under check ---

struct UnderCheck {
    const QueryDesc* query;
    Query* parsed;
    bool is_own;      // the client's own statement
    bool is_known;    // identity and why_not are computed
    const char* why_not;
    const char* parameters;
    bool has_values;         // of its parameters
    uint32_t generation;     // of the objects
    MemoryContext memory;    // of what is kept of it: whoever asks may be in one that is deleted before
    StatementIdentity identity;
};
UnderCheck under_check;

// Whether it is what the client sent, and not what runs inside that: while it is planned, when its portal starts it, and as it runs.
bool IsOwn(const QueryDesc* query, const Query* parsed) {
    const Frame* frame = current_frame;
    if (parsed != nullptr)
        return frame != nullptr && frame->outer == nullptr && frame->kind == FrameKind::Planning;
    if (query == nullptr)
        return false;
    // Deferred triggers, and a call by the protocol's own message, have no portal.
    return frame == nullptr ? ActivePortal != nullptr : frame->outer == nullptr && frame->query == query;
}

// --- the parts ---

// Settings that change what a text means while it runs; what they change before that, its analysed query shows.
const char* const meaning_settings[] = {
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "default_text_search_config",
    "extra_float_digits",
    "gin_fuzzy_search_limit",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "row_security",
    "session_replication_role",
    "standard_conforming_strings",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
};

// Those of applications, which row policies, views and functions read by current_setting, as far as they are this session's. Our own tell who asks
// why.
void AppendCustomSettings(StringInfo to) {
    constexpr char own[] = "pg_warrant.";
    int count;
    config_generic** settings = AllSettings(&count);
    for (int i = 0; i < count; i++)
        if (settings[i]->source >= PGC_S_GLOBAL && strchr(settings[i]->name, '.') != nullptr && strncmp(settings[i]->name, own, sizeof own - 1) != 0)
            appendStringInfo(to, ", %s '%s'", settings[i]->name, GetConfigOption(settings[i]->name, true, false) ?: "");
}

// The search_path as it leads now: names of schemas that are gone, or that others made since, are another path.
void TakeSession(StatementIdentity* identity) {
    StringInfoData session;
    initStringInfo(&session);
    appendStringInfo(&session, "user %u, path", GetUserId());
    ListCell* cell;
    foreach (cell, fetch_search_path(false))
        appendStringInfo(&session, " %u", lfirst_oid(cell));
    for (const char* name : meaning_settings)
        if (const char* value = GetConfigOption(name, true, false))
            appendStringInfo(&session, ", %s %s", name, value);
    AppendCustomSettings(&session);
    DigestOf(session.data, session.len, PartOf(identity, IdentityPart::Session));
}

void TakeObjects(StatementIdentity* identity, const Query* parsed) {
    StringInfoData objects;
    initStringInfo(&objects);
    AppendObjects(&objects, parsed);
    DigestOf(objects.data, objects.len, PartOf(identity, IdentityPart::Objects));
}

bool TakeNotedObjects(StatementIdentity* identity, const PlannedStmt* plan) {
    uint8_t* digest = PartOf(identity, IdentityPart::Objects);
    Size taken = 0;
    ListCell* cell;
    foreach (cell, plan->invalItems) {
        const PlanInvalItem* note = lfirst_node(PlanInvalItem, cell);
        if (note->cacheId == served_generation && note->hashValue != ObjectsGeneration())
            return false;
        if (note->cacheId != served_objects || taken == PG_SHA256_DIGEST_LENGTH)
            continue;
        memcpy(digest + taken, &note->hashValue, sizeof note->hashValue);
        taken += sizeof note->hashValue;
    }
    return taken == PG_SHA256_DIGEST_LENGTH;
}

bool HasParameters(Node* node, void* context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return WalkQuery(reinterpret_cast<Query*>(node), HasParameters, context, 0);
    if (IsA(node, Param) && reinterpret_cast<Param*>(node)->paramkind == PARAM_EXTERN)
        return true;
    return WalkExpression(node, HasParameters, context);
}

constexpr int most_parameter_bytes = 2000;

// Output functions of users' types would be users' code; values of a pseudo-type may be of such types.
bool IsBuiltIn(Oid type) { return type < FirstUnpinnedObjectId && get_typtype(type) == TYPTYPE_BASE; }

// Appends the value itself: what it prints may stand for others, too, such as a time in an hour that comes twice.
void AppendValue(StringInfo to, Oid type, Datum value) {
    int16 length;
    bool by_value;
    get_typlenbyval(type, &length, &by_value);
    const struct varlena* whole = length == -1 ? PG_DETOAST_DATUM_PACKED(value) : nullptr;
    const void* bytes = by_value ? static_cast<const void*>(&value) : whole != nullptr ? VARDATA_ANY(whole) : DatumGetPointer(value);
    int size = by_value ? int(sizeof value) : whole != nullptr ? int(VARSIZE_ANY_EXHDR(whole)) : int(datumGetSize(value, by_value, length));
    appendBinaryStringInfo(to, reinterpret_cast<const char*>(&size), sizeof size);
    appendBinaryStringInfo(to, static_cast<const char*>(bytes), size);
}

// Appends $1 = '...' for each value to what is shown, and also the values to what is compared. Returns why that cannot be, or nullptr.
const char* AppendParameters(StringInfo shown, StringInfo compared, const ParamListInfo params) {
    for (int i = 0; params != nullptr && i < params->numParams; i++) {
        const ParamExternData* value = &params->params[i];
        if (params->paramFetch != nullptr || (OidIsValid(value->ptype) && !IsBuiltIn(value->ptype)))
            return "a parameter of it is of no built-in type";
        if (extra_float_digits < 1)
            return "extra_float_digits hides digits of its parameters";
        Oid output;
        bool is_varlena;
        appendStringInfo(shown, "%s$%d = ", i == 0 ? "" : ", ", i + 1);
        if (value->isnull || !OidIsValid(value->ptype)) {
            appendStringInfoString(shown, "NULL");
        } else {
            getTypeOutputInfo(value->ptype, &output, &is_varlena);
            appendStringInfo(shown, "%s::%s", quote_literal_cstr(OidOutputFunctionCall(output, value->value)), format_type_be(value->ptype));
            AppendValue(compared, value->ptype, value->value);
        }
        if (shown->len > most_parameter_bytes)
            return "its parameters are too long to be shown";
    }
    return nullptr;
}

const char* TakeParameters(UnderCheck* check) {
    const ParamListInfo params = check->parsed != nullptr ? current_frame->params : check->query->params;
    check->has_values = params != nullptr || check->parsed == nullptr || !HasParameters(reinterpret_cast<Node*>(check->parsed), nullptr);
    StringInfoData shown, compared;
    initStringInfo(&shown);
    initStringInfo(&compared);
    const char* why_not = AppendParameters(&shown, &compared, params);
    check->parameters = shown.len == 0 ? nullptr : pstrdup(shown.data);
    appendBinaryStringInfo(&shown, compared.data, compared.len);
    DigestOf(shown.data, shown.len, PartOf(&check->identity, IdentityPart::Parameters));
    return why_not;
}

const char* WhyNotOwn() {
    const Frame* top = OutermostFrame();
    const char* command = top == nullptr || top->utility == nullptr ? nullptr : GetCommandTagName(CreateCommandTag(const_cast<Node*>(top->utility)));
    if (command == nullptr)
        return "code inside the statement needs it, not the statement itself";
    return top == current_frame ? psprintf("it is %s", command) : psprintf("it runs inside %s", command);
}

const char* TakeIdentity(UnderCheck* check) {
    check->generation = ObjectsGeneration();
    if (!check->is_own)
        return WhyNotOwn();
    const char* why_not = TakeParameters(check);
    if (why_not == nullptr && check->parsed != nullptr)
        why_not = WhyNotExact(check->parsed);
    if (why_not != nullptr)
        return why_not;
    const char* text;
    int length;
    TopLevelText(const_cast<QueryDesc*>(check->query), &text, &length);
    if (KeptLength(text, length) < length)
        return "its text is longer than the log keeps";
    DigestOf(text, length, PartOf(&check->identity, IdentityPart::Text));
    TakeSession(&check->identity);
    if (check->parsed != nullptr)
        TakeObjects(&check->identity, check->parsed);
    else if (!TakeNotedObjects(&check->identity, check->query->plannedstmt))
        return "it was planned before";
    return nullptr;
}

const char* WhyNot() {
    if (under_check.is_known)
        return under_check.why_not;
    MemoryContext caller = MemoryContextSwitchTo(under_check.memory);
    under_check.why_not = TakeIdentity(&under_check);
    under_check.is_known = true;
    MemoryContextSwitchTo(caller);
    return under_check.why_not;
}

Difference DifferenceFrom(const StatementIdentity* granted) {
    static_assert(int(Difference::Text) == int(IdentityPart::Text) + 1 && int(Difference::Objects) == int(IdentityPart::Objects) + 1);
    if (WhyNot() != nullptr)
        return Difference::NotItself;
    for (int part = 0; part < identity_parts; part++) {
        // A plan for any values is made without them; they are compared as it starts.
        bool is_open = part == int(IdentityPart::Parameters) && !under_check.has_values;
        if (!is_open && memcmp(granted->digests[part], under_check.identity.digests[part], PG_SHA256_DIGEST_LENGTH) != 0)
            return Difference(part + 1);
    }
    return Difference::None;
}

}    // namespace

void BeginCheck(const QueryDesc* query, Query* parsed) {
    under_check.query = query;
    under_check.parsed = parsed;
    under_check.memory = CurrentMemoryContext;
    under_check.is_own = IsOwn(query, parsed);
    under_check.is_known = false;
    exact_grant_serves = false;
}

void BeginCheckOf(const StatementIdentity& identity) {
    under_check = UnderCheck{};
    under_check.is_known = under_check.has_values = true;
    under_check.identity = identity;
    exact_grant_serves = false;
}

const char* WhyNoIdentity(StatementIdentity* identity, const char** parameters) {
    const char* why_not = WhyNot();
    if (why_not == nullptr && !under_check.has_values)
        why_not = "the values of its parameters are not known before it runs";
    *identity = under_check.identity;
    *parameters = why_not == nullptr ? under_check.parameters : nullptr;
    return why_not;
}

StatementIdentity IdentityOf(const char* text, int length, const Query* parsed) {
    StatementIdentity identity;
    DigestOf(text, length, PartOf(&identity, IdentityPart::Text));
    DigestOf("", 0, PartOf(&identity, IdentityPart::Parameters));
    TakeSession(&identity);
    TakeObjects(&identity, parsed);
    return identity;
}

const char* IdentityAsHex(const StatementIdentity* identity) {
    char* hex = static_cast<char*>(palloc(2 * identity_bytes + 1));
    hex[hex_encode(reinterpret_cast<const char*>(identity), identity_bytes, hex)] = '\0';
    return hex;
}

// Each statement that a rule adds would be one of its own.
const char* WhyNotExact(const Query* parsed) { return parsed->querySource == QSRC_ORIGINAL ? nullptr : "a rule has made it of another statement"; }

ServedObjects TakeServedObjects() {
    ServedObjects objects = {exact_grant_serves, under_check.generation, {}};
    if (exact_grant_serves)
        memcpy(objects.digest, PartOf(&under_check.identity, IdentityPart::Objects), sizeof objects.digest);
    exact_grant_serves = false;
    return objects;
}

static void Note(PlannedStmt* plan, NoteKind kind, const void* number) {
    PlanInvalItem* note = makeNode(PlanInvalItem);
    note->cacheId = kind;
    memcpy(&note->hashValue, number, sizeof note->hashValue);
    plan->invalItems = lappend(plan->invalItems, note);
}

void NoteServedObjects(PlannedStmt* plan, const ServedObjects& objects) {
    if (!objects.served)
        return;
    Note(plan, served_generation, &objects.generation);
    for (Size place = 0; place < sizeof objects.digest; place += sizeof(uint32))
        Note(plan, served_objects, objects.digest + place);
}

void CompareIdentities() { difference_from = DifferenceFrom; }

}    // namespace warrant
