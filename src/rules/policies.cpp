#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/mutants.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"

namespace warrant {

namespace {

// Columns of warrant.policies that the gate reads; update scripts keep their places.
enum Column {
    c_id, c_version, c_name, c_effect, c_target_kind, c_target, c_target_schema, c_target_name, c_commands, c_for_roles,
    c_except_roles, c_priority, c_mode, c_audit, c_audit_wait, c_for_role_names, c_except_role_names, c_min_approvals,
    c_definer_roles
};

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

bool Is(Datum value, const char* word) {
    return strcmp(TextDatumGetCString(value), word) == 0;
}

Effect ReadEffect(Datum value) {
    if (Is(value, "open"))
        return Effect::Open;
    if (Is(value, "approve"))
        return Effect::Approve;
    return Is(value, "deny") ? Effect::Deny : Effect::Unknown;
}

Policy* ReadPolicy(Datum* values) {
    Policy* policy = static_cast<Policy*>(palloc0(sizeof(Policy)));
    policy->id = DatumGetInt64(values[c_id]);
    policy->version = DatumGetInt32(values[c_version]);
    policy->name = TextDatumGetCString(values[c_name]);
    policy->effect = ReadEffect(values[c_effect]);
    policy->target_kind = TargetKind(DatumGetChar(values[c_target_kind]));
    policy->commands = ParseCommands(DatumGetArrayTypeP(values[c_commands]));
    if (!Mutant("implied_commands"))
        policy->commands = CoveredByPolicy(policy->commands, policy->effect == Effect::Open);
    policy->for_count = ReadRoles(values[c_for_roles], &policy->for_roles);
    policy->except_count = ReadRoles(values[c_except_roles], &policy->except_roles);
    policy->definer_count = ReadRoles(values[c_definer_roles], &policy->definer_roles);
    policy->priority = DatumGetInt32(values[c_priority]);
    policy->min_approvals = DatumGetInt32(values[c_min_approvals]);
    policy->monitor = Is(values[c_mode], "monitor");
    policy->audited = !Is(values[c_audit], "none");
    policy->audit_wait = DatumGetBool(values[c_audit_wait]);
    return policy;
}

void Append(PolicyList* list, Policy* policy) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i]->id == policy->id)
            return;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 4 : 2 * list->room;
        Size size = list->room * sizeof(Policy*);
        list->items = static_cast<Policy**>(list->items == nullptr ? palloc(size) : repalloc(list->items, size));
    }
    list->items[list->count++] = policy;
}

// The table or schema that the row names by OID does not exist any more.
bool TargetIsGone(Datum* values) {
    Oid target = DatumGetObjectId(values[c_target]);
    bool table = TargetKind(DatumGetChar(values[c_target_kind])) == TargetKind::Table;
    return !SearchSysCacheExists1(table ? RELOID : NAMESPACEOID, ObjectIdGetDatum(target));
}

void ReadByTarget(PolicyList* list, TargetKind kind, Oid target) {
    const Installation* own = RequireInstallation();
    CommittedScan scan;
    BeginCommitted(&scan, own->policies, [] { return RequireInstallation()->policies_by_target; });
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(char(kind)));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(target));
    ForEachCommitted(&scan, keys, 2, [list](Datum* values, bool*) { Append(list, ReadPolicy(values)); });
    EndCommitted(&scan);
}

// A deny or approve policy whose target is gone covers what now bears its name; an open one never does. The targets of others that would are noted:
// their end changes what covers the name.
void ReadByName(PolicyList* list, TargetKind kind, Oid bearer, const char* schema, const char* name) {
    const Installation* own = RequireInstallation();
    CommittedScan scan;
    BeginCommitted(&scan, own->policies, [] { return RequireInstallation()->policies_by_name; });
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(schema));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
    ForEachCommitted(&scan, keys, 2, [list, kind, bearer](Datum* values, bool*) {
        Oid target = DatumGetObjectId(values[c_target]);
        if (DatumGetChar(values[c_target_kind]) != char(kind) || target == bearer || Mutant("gone_targets"))
            return;
        if (!TargetIsGone(values)) {
            list->namesakes = list_append_unique_oid(list->namesakes, target);
            return;
        }
        Policy* policy = ReadPolicy(values);
        if (policy->effect == Effect::Open)
            return;
        ereport(WARNING, (errmsg("the target of policy \"%s\" is gone", policy->name),
                          errdetail("The policy covers what bears its name now."),
                          errhint("Drop the policy, or protect the new object.")));
        Append(list, policy);
    });
    EndCommitted(&scan);
}

bool RoleIsGone(Oid role) { return !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)); }

// How near the policy is to the relation: table, schema, database.
int Distance(const Policy* policy) {
    switch (policy->target_kind) {
        case TargetKind::Table: return 0;
        case TargetKind::Schema: return 1;
        default: return 2;
    }
}

// What only watches is laxer than all that refuses, and stricter than what is open.
int Laxity(const Policy* policy) {
    bool watches = policy->monitor && policy->effect != Effect::Open;
    return policy->effect == Effect::Open ? 2 * int(Effect::Open) : int(policy->effect) + (watches ? int(Effect::Open) : 0);
}

}    // namespace

void RequirePolicySentinel() {
    PolicyList sentinel = {};
    ReadByTarget(&sentinel, TargetKind::Sentinel, InvalidOid);
    if (sentinel.count == 0 && !Mutant("sentinel"))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot read its policies"),
                        errdetail("The table is being rewritten, or its contents were removed.")));
}

void ReadPolicies(PolicyList* list, TargetKind kind, Oid target, const char* schema, const char* name) {
    ReadByTarget(list, kind, target);
    if (kind != TargetKind::Database)
        ReadByName(list, kind, target, schema, name);
}

void ReadAllPolicies(PolicyList* list) {
    RequirePolicySentinel();
    const Installation* own = RequireInstallation();
    CommittedScan scan;
    BeginCommitted(&scan, own->policies, [] { return RequireInstallation()->policies_by_target; });
    ForEachCommitted(&scan, nullptr, 0, [list](Datum* values, bool*) {
        if (DatumGetChar(values[c_target_kind]) != char(TargetKind::Sentinel))
            Append(list, ReadPolicy(values));
    });
    EndCommitted(&scan);
}

bool AnythingIsProtected() {
    PolicyList all = {};
    ReadAllPolicies(&all);
    for (int i = 0; i < all.count; i++)
        if (all.items[i]->effect != Effect::Open)
            return true;
    return false;
}

bool Concerns(const Policy* policy, Oid subject) {
    for (int i = 0; i < policy->except_count; i++)
        if (is_member_of_role_nosuper(subject, policy->except_roles[i]))
            return false;
    if (policy->for_count == 0)
        return true;
    for (int i = 0; i < policy->for_count; i++) {
        if (is_member_of_role_nosuper(subject, policy->for_roles[i]))
            return true;
        if (policy->effect != Effect::Open && RoleIsGone(policy->for_roles[i]) && !Mutant("gone_roles")) {
            ereport(WARNING, (errmsg("a role of policy \"%s\" is gone", policy->name), errdetail("The policy covers everybody.")));
            return true;
        }
    }
    return false;
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

// Between equals the older: who decides in a family does not change with a policy that is added somewhere in it, and called no weakening.
bool IsStricter(const Policy* a, const Policy* b) {
    if (Laxity(a) != Laxity(b))
        return Laxity(a) < Laxity(b);
    return a->min_approvals != b->min_approvals ? a->min_approvals > b->min_approvals : a->id < b->id;
}

}    // namespace warrant
