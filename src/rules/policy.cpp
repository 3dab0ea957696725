#include <algorithm>

#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/conditions/client_cidr.hpp"
#include "rules/conditions/hours.hpp"
#include "rules/policy.hpp"

namespace warrant {

namespace {

struct PolicyColumn {
    OwnColumn column;
    void (*read)(Policy* policy, Datum value);    // of a value that is not NULL; nullptr: only scans look at it
    void (*copy)(Policy* policy);                 // copies what the field points to into the current memory context
    Where where;
    bool (*is_laxer)(const Policy* before, const Policy* after);
};

// --- how a value is read into a field, by the field's type, and copied where the field points to something ---

bool Is(Datum value, const char* word) { return strcmp(TextDatumGetCString(value), word) == 0; }

void Read(bool* field, Datum value) { *field = DatumGetBool(value); }
void Read(int32_t* field, Datum value) { *field = DatumGetInt32(value); }
void Read(int64_t* field, Datum value) { *field = DatumGetInt64(value); }
void Read(Oid* field, Datum value) { *field = DatumGetObjectId(value); }
void Read(char** field, Datum value) { *field = TextDatumGetCString(value); }
void Read(Hours** field, Datum value) { *field = ReadHours(value); }
void Read(Networks** field, Datum value) { *field = ReadNetworks(value); }
void Read(TargetKind* field, Datum value) { *field = TargetKind(DatumGetChar(value)); }
void Read(Effect* field, Datum value) {
    *field = Is(value, "open")      ? Effect::Open
             : Is(value, "auto")    ? Effect::Auto
             : Is(value, "approve") ? Effect::Approve
             : Is(value, "deny")    ? Effect::Deny
                                    : Effect::Unknown;
}

int ReadRoles(Datum array, Oid** roles) {
    Datum* elements;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    *roles = count == 0 ? nullptr : static_cast<Oid*>(palloc(count * sizeof(Oid)));
    for (int i = 0; i < count; i++)
        (*roles)[i] = DatumGetObjectId(elements[i]);
    return count;
}

int64_t Microseconds(Datum interval) { return MicrosecondsAsCompared(DatumGetIntervalP(interval)); }

template <class Field>
void Copy(Field*) {}
template <class Pointed>
void Copy(Pointed**) = delete;    // whoever adds such a field says how it is copied
void Copy(Hours** field) { *field = CopyHours(*field); }
void Copy(Networks** field) { *field = CopyNetworks(*field); }
void Copy(char** field) { *field = *field == nullptr ? nullptr : pstrdup(*field); }

Oid* CopyRoles(const Oid* roles, int count) {
    return count == 0 ? nullptr : static_cast<Oid*>(memcpy(palloc(count * sizeof(Oid)), roles, count * sizeof(Oid)));
}

void ReadOtherApprovals(Policy* policy, Datum array) {
    Datum* elements;
    deconstruct_array(DatumGetArrayTypeP(array), INT4OID, sizeof(int32_t), true, TYPALIGN_INT, &elements, nullptr, &policy->other_approvals_count);
    policy->other_approvals = static_cast<int32_t*>(palloc(policy->other_approvals_count * sizeof(int32_t)));
    for (int i = 0; i < policy->other_approvals_count; i++)
        policy->other_approvals[i] = DatumGetInt32(elements[i]);
}

void CopyOtherApprovals(Policy* policy) {
    Size size = policy->other_approvals_count * sizeof(int32_t);
    policy->other_approvals = size == 0 ? nullptr : static_cast<int32_t*>(memcpy(palloc(size), policy->other_approvals, size));
}

void ReadKept(Policy* policy, Datum array) {
    Datum* elements;
    deconstruct_array(DatumGetArrayTypeP(array), INT8OID, sizeof(int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, nullptr, &policy->kept_count);
    policy->kept_grants = static_cast<int64_t*>(palloc(policy->kept_count * sizeof(int64_t)));
    for (int i = 0; i < policy->kept_count; i++)
        policy->kept_grants[i] = DatumGetInt64(elements[i]);
}

void CopyKept(Policy* policy) {
    Size size = policy->kept_count * sizeof(int64_t);
    policy->kept_grants = size == 0 ? nullptr : static_cast<int64_t*>(memcpy(palloc(size), policy->kept_grants, size));
}

// In the order of their numbers, which are read behind them.
void ReadColumns(Policy* policy, Datum array) {
    Datum* elements;
    deconstruct_array(DatumGetArrayTypeP(array), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, nullptr, &policy->column_count);
    policy->columns = static_cast<char**>(palloc(policy->column_count * sizeof(char*)));
    for (int i = 0; i < policy->column_count; i++)
        policy->columns[i] = pstrdup(NameStr(*DatumGetName(elements[i])));
}

void ReadColumnNumbers(Policy* policy, Datum array) {
    Datum* elements;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), INT2OID, sizeof(int16_t), true, TYPALIGN_SHORT, &elements, nullptr, &count);
    policy->column_numbers = static_cast<int16_t*>(palloc0(policy->column_count * sizeof(int16_t)));
    for (int i = 0; i < count && i < policy->column_count; i++)
        policy->column_numbers[i] = DatumGetInt16(elements[i]);
}

// A column that was renamed has its name of now. In the place of one that is gone comes what bears its name, as with tables: a policy that lets pass
// by itself is about that no more. The recorder notes the number of what came, so that the policy follows a rename of it, too.
void FindColumns(Policy* policy) {
    for (int i = 0; i < policy->column_count; i++) {
        AttrNumber number = policy->column_numbers == nullptr ? InvalidAttrNumber : policy->column_numbers[i];
        HeapTuple column = number == InvalidAttrNumber ? nullptr : SearchSysCacheAttNum(policy->target, number);
        if (HeapTupleIsValid(column)) {
            policy->columns[i] = pstrdup(NameStr(Form_pg_attribute(GETSTRUCT(column))->attname));
            ReleaseSysCache(column);
        } else if (!OutlivesItsNames(policy)) {
            policy->columns[i] = pstrdup("");
        }
    }
}

void CopyColumns(Policy* policy) {
    if (policy->column_count == 0)
        return;
    char** columns = static_cast<char**>(palloc(policy->column_count * sizeof(char*)));
    for (int i = 0; i < policy->column_count; i++)
        columns[i] = pstrdup(policy->columns[i]);
    policy->columns = columns;
}

void CopyColumnNumbers(Policy* policy) {
    Size size = policy->column_numbers == nullptr ? 0 : policy->column_count * sizeof(int16_t);
    policy->column_numbers = size == 0 ? nullptr : static_cast<int16_t*>(memcpy(palloc(size), policy->column_numbers, size));
}

// A label is kept as a name.
void ReadLabel(Policy* policy, Datum name) {
    if (policy->target_kind == TargetKind::Label)
        policy->label = pstrdup(NameStr(*DatumGetName(name)));
}

using Reader = void (*)(Policy* policy, Datum value);
using IsLaxer = bool (*)(const Policy* before, const Policy* after);

// A column that is a field.
template <auto field>
constexpr PolicyColumn Column(OwnColumn column, Where where = 0, IsLaxer is_laxer = nullptr) {
    return {column, [](Policy* policy, Datum value) { Read(&(policy->*field), value); }, [](Policy* policy) { Copy(&(policy->*field)); }, where,
            is_laxer};
}

// A column that is an array of roles, in two fields.
template <auto count, auto roles>
constexpr PolicyColumn Roles(OwnColumn column, Where where = 0, IsLaxer is_laxer = nullptr) {
    return {column, [](Policy* policy, Datum value) { policy->*count = ReadRoles(value, &(policy->*roles)); },
            [](Policy* policy) { policy->*roles = CopyRoles(policy->*roles, policy->*count); }, where, is_laxer};
}

// A column that a function reads, into a field that points to nothing.
constexpr PolicyColumn ReadBy(Reader read, OwnColumn column, Where where = 0, IsLaxer is_laxer = nullptr) {
    return {column, read, [](Policy*) {}, where, is_laxer};
}

// --- what is laxer ---

template <auto field>
bool IsLess(const Policy* before, const Policy* after) {
    return after->*field < before->*field;
}
template <auto field>
bool IsMore(const Policy* before, const Policy* after) {
    return after->*field > before->*field;
}
bool IsAmong(Oid role, const Oid* roles, int count) {
    for (int i = 0; i < count; i++)
        if (roles[i] == role)
            return true;
    return false;
}

template <auto count, auto roles>
bool HasMore(const Policy* before, const Policy* after) {
    for (int i = 0; i < after->*count; i++)
        if (!IsAmong((after->*roles)[i], before->*roles, before->*count))
            return true;
    return false;
}

int ApprovalsBy(Oid role, const ApproverRoles& approvers) {
    int approvals = 0;
    for (int i = 0; i < approvers.count; i++)
        approvals += approvers.roles[i] == role ? approvers.approvals[i] : 0;
    return approvals;
}

// Whether fewer members of some role than before have to approve, or none. A role that is added takes nothing from the others: whoever is in both
// counts for one of them.
bool AsksFewerApprovers(const Policy* before, const Policy* after) {
    ApproverRoles were = ApproverRolesOf(before), are = ApproverRolesOf(after);
    for (int i = 0; i < were.count; i++)
        if (ApprovalsBy(were.roles[i], are) < ApprovalsBy(were.roles[i], were))
            return true;
    return false;
}

// Whether others come to decide than before, or sooner.
bool EscalatesToOthers(const Policy* before, const Policy* after) {
    return OidIsValid(after->escalate_to) && (after->escalate_to != before->escalate_to || after->escalate_after_us < before->escalate_after_us);
}

bool AsksAnotherWebhook(const Policy* before, const Policy* after) {
    return after->webhook != nullptr && (before->webhook == nullptr || strcmp(before->webhook, after->webhook) != 0);
}

// Which of two patterns matches more cannot be told, so that any other one counts as laxer.
bool AsksAnotherTicket(const Policy* before, const Policy* after) {
    return before->ticket_pattern != nullptr && (after->ticket_pattern == nullptr || strcmp(before->ticket_pattern, after->ticket_pattern) != 0);
}

int64_t MaxDuration(const Policy* policy) {
    return policy->max_duration_us != 0 ? policy->max_duration_us : settings.max_duration_s * INT64CONST(1000000);
}

int64_t DefaultDuration(const Policy* policy) {
    int64_t given = policy->default_duration_us != 0 ? policy->default_duration_us : settings.default_duration_s * INT64CONST(1000000);
    return given < MaxDuration(policy) ? given : MaxDuration(policy);
}

// Where a condition of passing counts.
constexpr Where of_passing = everywhere | between_passages | by_itself;

constexpr PolicyColumn policy_columns[] = {
    Column<&Policy::target_kind>({"target_kind"}),
    Column<&Policy::target>({"target"}),
    ReadBy(nullptr, {"target_schema"}),
    {{"target_name"}, ReadLabel, [](Policy* policy) { Copy(&policy->label); }, 0, nullptr},
    Column<&Policy::id>({"id"}),
    Column<&Policy::version>({"version"}),
    Column<&Policy::name>({"name"}),
    Column<&Policy::effect>({"effect"}),
    ReadBy([](Policy* policy, Datum value) { policy->commands = ParseCommands(DatumGetArrayTypeP(value)); }, {"commands"}),
    Roles<&Policy::for_count, &Policy::for_roles>({"for_roles"}),
    Roles<&Policy::except_count, &Policy::except_roles>({"except_roles"}, by_itself, HasMore<&Policy::except_count, &Policy::except_roles>),
    Column<&Policy::priority>({"priority"}),
    ReadBy([](Policy* policy, Datum value) { policy->monitor = Is(value, "monitor"); }, {"mode"}),
    ReadBy([](Policy* policy, Datum value) { policy->audited = !Is(value, "none"); }, {"audit"}, everywhere, IsLess<&Policy::audited>),
    Column<&Policy::audit_wait>({"audit_wait"}, where_gated, IsLess<&Policy::audit_wait>),
    Column<&Policy::min_approvals>({"min_approvals"}),
    Roles<&Policy::definer_count, &Policy::definer_roles>({"definer_roles"}, where_gated | by_itself,
                                                          HasMore<&Policy::definer_count, &Policy::definer_roles>),
    Column<&Policy::approver_role>({"approver_role"}, where_approved, AsksFewerApprovers),
    Roles<&Policy::other_approver_count, &Policy::other_approver_roles>({"other_approver_roles", true}),
    {{"other_approvals", true}, ReadOtherApprovals, CopyOtherApprovals, 0, nullptr},
    ReadBy([](Policy* policy, Datum value) { policy->default_duration_us = Microseconds(value); }, {"default_duration"}, where_granted,
           [](const Policy* before, const Policy* after) { return DefaultDuration(after) > DefaultDuration(before); }),
    ReadBy([](Policy* policy, Datum value) { policy->max_duration_us = Microseconds(value); }, {"max_duration"}, where_approved,
           [](const Policy* before, const Policy* after) { return MaxDuration(after) > MaxDuration(before); }),
    ReadBy([](Policy* policy, Datum value) { policy->escalate_after_us = Microseconds(value); }, {"escalate_after", true}),
    Column<&Policy::escalate_to>({"escalate_to", true}, where_approved, EscalatesToOthers),
    Column<&Policy::require_reason>({"require_reason"}, where_granted, IsLess<&Policy::require_reason>),
    Column<&Policy::require_comment>({"require_comment", true}, where_approved, IsLess<&Policy::require_comment>),
    Column<&Policy::ticket_pattern>({"ticket_pattern", true}, where_granted, AsksAnotherTicket),
    Column<&Policy::exact>({"exact", true}, where_approved, IsLess<&Policy::exact>),
    // Whichever it is, the statement is refused: neither is laxer.
    ReadBy([](Policy* policy, Datum value) { policy->files_nothing = Is(value, "refuse"); }, {"on_refusal", true}),
    Column<&Policy::webhook>({"webhook"}, where_approved | by_itself, AsksAnotherWebhook),
    Column<&Policy::max_uses>({"max_uses", true}, where_granted, IsMore<&Policy::max_uses>),
    Column<&Policy::max_rows>({"max_rows", true}, where_granted, IsMore<&Policy::max_rows>),
    Column<&Policy::terms_from>({"terms_from", true}),
    {{"kept_grants", true}, ReadKept, CopyKept, 0, nullptr},
    {{"columns", true}, ReadColumns, CopyColumns, 0, nullptr},
    {{"column_numbers", true}, ReadColumnNumbers, CopyColumnNumbers, 0, nullptr},
    Column<&Policy::hours>({"hours", true}, of_passing,
                           [](const Policy* before, const Policy* after) { return AreMore(before->hours, after->hours); }),
    Column<&Policy::networks>({"client_cidr", true}, of_passing,
                              [](const Policy* before, const Policy* after) { return AreMore(before->networks, after->networks); }),
};
static_assert(lengthof(policy_columns) <= most_own_columns);

constexpr bool StandsAt(int number, const char* name) { return __builtin_strcmp(policy_columns[number].column.name, name) == 0; }
static_assert(StandsAt(policy_kind, "target_kind") && StandsAt(policy_target, "target"));
static_assert(StandsAt(policy_schema, "target_schema") && StandsAt(policy_table, "target_name"));

}    // namespace

// What a superuser has written himself may lack a number: then more are asked for than can be given.
ApproverRoles ApproverRolesOf(const Policy* policy) {
    ApproverRoles approvers = {1, {policy->approver_role}, {policy->min_approvals}};
    for (int i = 0; i < policy->other_approver_count && approvers.count < core::most_approver_roles; i++) {
        int approvals = i < policy->other_approvals_count ? policy->other_approvals[i] : PG_INT16_MAX;
        approvers.roles[approvers.count] = policy->other_approver_roles[i];
        approvers.approvals[approvers.count++] = approvals;
        approvers.approvals[0] -= approvals;
    }
    approvers.approvals[0] = std::max(approvers.approvals[0], 1);
    return approvers;
}

const OwnColumns of_policy(&policy_columns[0].column, lengthof(policy_columns), sizeof(PolicyColumn));

Policy* ReadPolicy(const OwnRow* row) {
    Policy* policy = static_cast<Policy*>(palloc0(sizeof(Policy)));
    policy->max_uses = PG_INT32_MAX;
    policy->max_rows = PG_INT64_MAX;
    for (int i = 0; i < of_policy.count; i++)
        if (policy_columns[i].read != nullptr && !row->nulls[i])
            policy_columns[i].read(policy, row->values[i]);
    FindColumns(policy);
    policy->name_size = strlen(policy->name);
    policy->named = policy->commands;
    policy->commands = CoveredByPolicy(policy->commands, policy->effect == Effect::Open);
    return policy;
}

Policy* CopyPolicy(const Policy* policy) {
    Policy* copy = static_cast<Policy*>(palloc(sizeof(Policy)));
    *copy = *policy;
    for (const PolicyColumn& column : policy_columns)
        column.copy(copy);
    return copy;
}

bool HaveSameColumns(const Policy* a, const Policy* b) {
    bool same = a->column_count == b->column_count;
    for (int i = 0; i < a->column_count && same; i++)
        same = strcmp(a->columns[i], b->columns[i]) == 0;
    return same;
}

bool HasLaxerColumn(Where where, const Policy* before, const Policy* after) {
    static const Policy none = {};
    for (const PolicyColumn& column : policy_columns)
        if ((column.where & where) != 0 && column.is_laxer(before == nullptr ? &none : before, after == nullptr ? &none : after))
            return true;
    return false;
}

}    // namespace warrant
