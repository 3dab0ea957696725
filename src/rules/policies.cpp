#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

// Columns of warrant.policies that the gate reads; update scripts keep their places.
// clang-format off
enum Column {
    c_id, c_version, c_name, c_effect, c_target_kind, c_target, c_target_schema, c_target_name, c_commands, c_for_roles,
    c_except_roles, c_priority, c_mode, c_audit, c_audit_wait, c_for_role_names, c_except_role_names, c_min_approvals,
    c_definer_roles, c_definer_role_names, c_approver_role, c_approver_role_name, c_default_duration, c_max_duration, c_request_ttl,
    c_require_reason, c_webhook, c_created_at, c_created_by, c_max_uses
};
// clang-format on

// Copies an oid[] into the current context.
int ReadRoles(Datum array, Oid** roles) {
    Datum* elements;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    *roles = count == 0 ? nullptr : static_cast<Oid*>(palloc(count * sizeof(Oid)));
    for (int i = 0; i < count; i++)
        (*roles)[i] = DatumGetObjectId(elements[i]);
    return count;
}

bool Is(Datum value, const char* word) { return strcmp(TextDatumGetCString(value), word) == 0; }

Effect ReadEffect(Datum value) {
    if (Is(value, "open"))
        return Effect::Open;
    if (Is(value, "approve"))
        return Effect::Approve;
    return Is(value, "deny") ? Effect::Deny : Effect::Unknown;
}

// A duration in microseconds; 0 for NULL.
int64_t ReadDuration(Datum value, bool is_null) { return is_null ? 0 : MicrosecondsAsCompared(DatumGetIntervalP(value)); }

}    // namespace

Policy* ReadPolicy(const Datum* values, const bool* nulls, int column_count) {
    Policy* policy = static_cast<Policy*>(palloc0(sizeof(Policy)));
    policy->id = DatumGetInt64(values[c_id]);
    policy->version = DatumGetInt32(values[c_version]);
    policy->name = TextDatumGetCString(values[c_name]);
    policy->name_size = strlen(policy->name);
    policy->effect = ReadEffect(values[c_effect]);
    policy->target_kind = TargetKind(DatumGetChar(values[c_target_kind]));
    policy->commands = ParseCommands(DatumGetArrayTypeP(values[c_commands]));
    policy->commands = CoveredByPolicy(policy->commands, policy->effect == Effect::Open);
    policy->for_count = ReadRoles(values[c_for_roles], &policy->for_roles);
    policy->except_count = ReadRoles(values[c_except_roles], &policy->except_roles);
    policy->definer_count = ReadRoles(values[c_definer_roles], &policy->definer_roles);
    policy->priority = DatumGetInt32(values[c_priority]);
    policy->min_approvals = DatumGetInt32(values[c_min_approvals]);
    policy->monitor = Is(values[c_mode], "monitor");
    policy->audited = !Is(values[c_audit], "none");
    policy->audit_wait = DatumGetBool(values[c_audit_wait]);
    policy->target = DatumGetObjectId(values[c_target]);
    policy->approver_role = DatumGetObjectId(values[c_approver_role]);
    policy->require_reason = DatumGetBool(values[c_require_reason]);
    policy->default_duration_us = ReadDuration(values[c_default_duration], nulls[c_default_duration]);
    policy->max_duration_us = ReadDuration(values[c_max_duration], nulls[c_max_duration]);
    policy->webhook = nulls[c_webhook] ? nullptr : TextDatumGetCString(values[c_webhook]);
    policy->max_uses = column_count <= c_max_uses || nulls[c_max_uses] ? PG_INT32_MAX : DatumGetInt32(values[c_max_uses]);
    return policy;
}

void AppendNew(PolicyList* list, Policy* policy) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 4 : 2 * list->room;
        Size size = list->room * sizeof(Policy*);
        list->items = static_cast<Policy**>(list->items == nullptr ? palloc(size) : repalloc(list->items, size));
    }
    list->items[list->count++] = policy;
}

void Append(PolicyList* list, Policy* policy) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i]->id == policy->id)
            return;
    AppendNew(list, policy);
}

namespace {

// Whether the table or schema that the row names by OID does not exist any more.
bool TargetIsGone(Datum* values) {
    Oid target = DatumGetObjectId(values[c_target]);
    bool table = TargetKind(DatumGetChar(values[c_target_kind])) == TargetKind::Table;
    return !SearchSysCacheExists1(table ? RELOID : NAMESPACEOID, ObjectIdGetDatum(target));
}

Policy* ReadRow(const CommittedScan* scan) {
    Policy* policy = ReadPolicy(scan->slot->tts_values, scan->slot->tts_isnull, scan->slot->tts_tupleDescriptor->natts);
    bool is_null;
    policy->row = scan->slot->tts_tid;
    policy->row_made_by = DatumGetTransactionId(slot_getsysattr(scan->slot, MinTransactionIdAttributeNumber, &is_null));
    return policy;
}

Oid* CopyRoles(const Oid* roles, int count) {
    return count == 0 ? nullptr : static_cast<Oid*>(memcpy(palloc(count * sizeof(Oid)), roles, count * sizeof(Oid)));
}

void BeginByTarget(CommittedScan* scan, Rows rows) {
    BeginCommitted(
        scan, RequireInstallation()->policies, [] { return RequireInstallation()->policies_by_target; }, rows);
}

// Policies on the database are on this one: a copy of a database has them with the original's OID.
void ReadByTarget(PolicyList* list, TargetKind kind, Oid target, Rows rows) {
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    ScanKeyData keys[2];
    int key_count = kind == TargetKind::Database ? 1 : 2;
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(char(kind)));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(target));
    ForEachCommitted(&scan, keys, key_count, [list, &scan](Datum*, bool*) { Append(list, ReadRow(&scan)); });
    EndCommitted(&scan);
}

// Who does not administer the gate can do nothing about the warning, and gets no message with each statement: the server log has it.
int LevelFor(Oid user) {
    Oid admin = get_role_oid("warrant_admin", true);
    return superuser_arg(user) || (OidIsValid(admin) && is_member_of_role_nosuper(user, admin)) ? WARNING : LOG_SERVER_ONLY;
}

// A deny or approve policy whose target is gone covers what now bears its name; an open one never does. Where the target of such a policy still
// lives, it is noted as a namesake: its end changes what covers the name.
void ReadByName(PolicyList* list, TargetKind kind, Oid bearer, const char* schema, const char* name, Rows rows) {
    const Installation* own = RequireInstallation();
    CommittedScan scan;
    BeginCommitted(
        &scan, own->policies, [] { return RequireInstallation()->policies_by_name; }, rows);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(schema));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
    ForEachCommitted(&scan, keys, 2, [list, kind, bearer, rows, &scan](Datum* values, bool*) {
        Oid target = DatumGetObjectId(values[c_target]);
        if (DatumGetChar(values[c_target_kind]) != char(kind) || target == bearer)
            return;
        if (!TargetIsGone(values)) {
            list->namesakes = list_append_unique_oid(list->namesakes, target);
            return;
        }
        Policy* policy = ReadRow(&scan);
        if (policy->effect == Effect::Open)
            return;
        if (rows == Rows::Committed)
            ereport(LevelFor(GetSessionUserId()),
                    (errmsg("the target of policy \"%s\" is gone", policy->name), errdetail("The policy covers what bears its name now."),
                     errhint("Protect the new object, or drop the policy with warrant.drop_policy.")));
        Append(list, policy);
    });
    EndCommitted(&scan);
}

// How near the policy is to the relation: table, schema, database.
int Distance(const Policy* policy) {
    switch (policy->target_kind) {
        case TargetKind::Table: return 0;
        case TargetKind::Schema: return 1;
        default: return 2;
    }
}

// A policy that only watches is laxer than all that refuse, and stricter than what is open.
int Permissiveness(const Policy* policy) {
    bool watches = policy->monitor && policy->effect != Effect::Open;
    return policy->effect == Effect::Open ? 2 * int(Effect::Open) : int(policy->effect) + (watches ? int(Effect::Open) : 0);
}

}    // namespace

Policy* CopyPolicy(const Policy* policy) {
    static_assert(sizeof(Policy) == 144, "what a new field points to must be copied here, too");
    Policy* copy = static_cast<Policy*>(palloc(sizeof(Policy)));
    *copy = *policy;
    copy->name = pstrdup(policy->name);
    copy->webhook = policy->webhook == nullptr ? nullptr : pstrdup(policy->webhook);
    copy->for_roles = CopyRoles(policy->for_roles, policy->for_count);
    copy->except_roles = CopyRoles(policy->except_roles, policy->except_count);
    copy->definer_roles = CopyRoles(policy->definer_roles, policy->definer_count);
    return copy;
}

bool IsSameVersion(const Policy* a, const Policy* b) {
    return a->id == b->id && a->row_made_by == b->row_made_by &&
           ItemPointerEquals(const_cast<ItemPointer>(&a->row), const_cast<ItemPointer>(&b->row));
}

void RequirePolicySentinel() {
    PolicyList sentinel = {};
    ReadByTarget(&sentinel, TargetKind::Sentinel, InvalidOid, Rows::Committed);
    if (sentinel.count == 0)
        ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot read its policies"),
                        errdetail("The table is being rewritten, or its contents were removed.")));
}

void ReadPolicies(PolicyList* list, TargetKind kind, Oid target, const char* schema, const char* name, Rows rows) {
    ReadByTarget(list, kind, target, rows);
    if (kind != TargetKind::Database)
        ReadByName(list, kind, target, schema, name, rows);
}

void ReadAllPolicies(PolicyList* list, Rows rows) {
    RequirePolicySentinel();
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    ForEachCommitted(&scan, nullptr, 0, [list, &scan](Datum* values, bool*) {
        if (DatumGetChar(values[c_target_kind]) != char(TargetKind::Sentinel))
            AppendNew(list, ReadRow(&scan));
    });
    EndCommitted(&scan);
}

Policy* FindPolicy(int64_t id) {
    const Installation* own = RequireInstallation();
    Policy* found = nullptr;
    CommittedScan scan;
    BeginCommitted(&scan, own->policies, [own] { return get_relname_relid("policies_pkey", own->schema); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    ForEachCommitted(&scan, &key, 1, [&found, &scan](Datum*, bool*) { found = ReadRow(&scan); });
    EndCommitted(&scan);
    return found;
}

bool AnyPolicyOfTransaction(PolicyTest test, const Policy* beside) {
    CommittedScan scan;
    BeginByTarget(&scan, Rows::OfTransaction);
    bool found = AnyCommitted(&scan, nullptr, 0, [test, beside, &scan](Datum* values, bool*) {
        return DatumGetChar(values[c_target_kind]) != char(TargetKind::Sentinel) && test(ReadRow(&scan), beside);
    });
    EndCommitted(&scan);
    return found;
}

// The target of the policy, as ReadByTarget and ReadByName find it.
static Oid TargetOf(Datum* values, const Policy* policy) {
    if (policy->target_kind == TargetKind::Database || !TargetIsGone(values))
        return policy->target;
    if (policy->effect == Effect::Open)
        return InvalidOid;
    Oid schema = get_namespace_oid(NameStr(*DatumGetName(values[c_target_schema])), true);
    return policy->target_kind == TargetKind::Table ? get_relname_relid(NameStr(*DatumGetName(values[c_target_name])), schema) : schema;
}

Oid* ReadTargets(PolicyList* list, About about, Rows rows) {
    List* targets = NIL;
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(char(TargetKind::Table)));
    ForEachCommitted(&scan, &key, about == About::Tables ? 1 : 0, [list, &targets, &scan](Datum* values, bool*) {
        if (DatumGetChar(values[c_target_kind]) == char(TargetKind::Sentinel))
            return;
        Policy* policy = ReadRow(&scan);
        AppendNew(list, policy);
        targets = lappend_oid(targets, TargetOf(values, policy));
    });
    EndCommitted(&scan);
    Oid* array = static_cast<Oid*>(palloc((list->count + 1) * sizeof(Oid)));
    for (int i = 0; i < list->count; i++)
        array[i] = list_nth_oid(targets, i);
    return array;
}

bool AnythingIsProtected() {
    PolicyList all = {};
    ReadAllPolicies(&all);
    for (int i = 0; i < all.count; i++)
        if (all.items[i]->effect != Effect::Open)
            return true;
    return false;
}

bool IsGoneRole(const Policy* policy, Oid role, bool silent) {
    if (!RoleIsGone(role))
        return false;
    if (!silent)
        ereport(LevelFor(GetSessionUserId()), (errmsg("a role of policy \"%s\" is gone", policy->name),
                                               errdetail("The policy covers everybody about whom no other is as strict.")));
    return true;
}

Aim AimAt(const Policy* policy, Oid subject) {
    return AimAtMember(policy, [subject](Oid role) { return is_member_of_role_nosuper(subject, role) && !(role == subject && RoleIsGone(role)); });
}

bool TrustsDefiner(const Policy* policy, Oid definer) {
    for (int i = 0; i < policy->definer_count; i++)
        if (policy->definer_roles[i] == definer)
            return true;
    return false;
}

bool Beats(const Policy* a, const Policy* b) {
    if (a->priority != b->priority)
        return a->priority > b->priority;
    if (Distance(a) != Distance(b))
        return Distance(a) < Distance(b);
    bool a_named = a->for_count > 0, b_named = b->for_count > 0;
    if (a_named != b_named)
        return a_named;
    return a->effect != b->effect ? a->effect < b->effect : a->id < b->id;
}

// Between equals the older policy wins: who decides in a family does not change with a policy that is added somewhere in it, which is called no
// weakening.
bool IsStricter(const Policy* a, const Policy* b) {
    if (Permissiveness(a) != Permissiveness(b))
        return Permissiveness(a) < Permissiveness(b);
    return a->min_approvals != b->min_approvals ? a->min_approvals > b->min_approvals : a->id < b->id;
}

bool IsStricterByEffect(const Policy* a, const Policy* b) { return Permissiveness(a) < Permissiveness(b); }

void Choose(AdminChoice* choice, const Policy* policy) {
    if (policy->target_kind == TargetKind::Database && (policy->commands & MaskOf(Command::Admin)) != 0 &&
        (choice->naming == nullptr || Beats(policy, choice->naming)))
        choice->naming = policy;
    if (policy->effect == Effect::Approve && !policy->monitor && (choice->approving == nullptr || IsStricter(policy, choice->approving)))
        choice->approving = policy;
    if (policy->effect != Effect::Open && (choice->refusing == nullptr || IsStricter(policy, choice->refusing)))
        choice->refusing = policy;
}

// A policy that is about everybody since its role is gone answers only where it is stricter by effect than the policy that would answer in its place.
const Policy* Chosen(const AdminChoice* of_subject, const AdminChoice* of_gone) {
    if (of_subject->naming != nullptr || of_gone->naming != nullptr) {
        const Policy* others = of_subject->naming != nullptr      ? of_subject->naming
                               : of_subject->approving != nullptr ? of_subject->approving
                                                                  : of_subject->refusing;
        return StricterByEffect(of_gone->naming, others);
    }
    if (of_subject->approving != nullptr || of_gone->approving != nullptr)
        return StricterByEffect(of_gone->approving, of_subject->approving != nullptr ? of_subject->approving : of_subject->refusing);
    return StricterByEffect(of_gone->refusing, of_subject->refusing);
}

}    // namespace warrant
