#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

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
    Oid target = DatumGetObjectId(values[policy_target]);
    bool table = TargetKind(DatumGetChar(values[policy_kind])) == TargetKind::Table;
    return !SearchSysCacheExists1(table ? RELOID : NAMESPACEOID, ObjectIdGetDatum(target));
}

Policy* ReadRow(const CommittedScan* scan) {
    Policy* policy = ReadPolicy(&scan->row);
    bool is_null;
    policy->row = scan->slot->tts_tid;
    policy->row_made_by = DatumGetTransactionId(slot_getsysattr(scan->slot, MinTransactionIdAttributeNumber, &is_null));
    return policy;
}

void BeginByTarget(CommittedScan* scan, Rows rows) {
    BeginOwn(
        scan, of_policy, RequireInstallation()->policies, [] { return RequireInstallation()->policies_by_target; }, rows);
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

void BeginByName(CommittedScan* scan, Rows rows) {
    BeginOwn(
        scan, of_policy, RequireInstallation()->policies, [] { return RequireInstallation()->policies_by_name; }, rows);
}

// A deny or approve policy whose target is gone covers what now bears its name; an open or auto one never does. Where the target of such a policy
// still lives, it is noted as a namesake: its end changes what covers the name.
void AppendByName(PolicyList* list, TargetKind kind, Oid bearer, const CommittedScan* scan, Datum* values, Rows rows) {
    Oid target = DatumGetObjectId(values[policy_target]);
    if (DatumGetChar(values[policy_kind]) != char(kind) || target == bearer)
        return;
    if (!TargetIsGone(values)) {
        list->namesakes = list_append_unique_oid(list->namesakes, target);
        return;
    }
    Policy* policy = ReadRow(scan);
    if (!OutlivesItsNames(policy))
        return;
    if (rows == Rows::Committed)
        ereport(LevelFor(GetSessionUserId()),
                (errmsg("the target of policy \"%s\" is gone", Shown(policy->name)), errdetail("The policy covers what bears its name now."),
                 errhint("Protect the new object, or drop the policy with warrant.drop_policy.")));
    Append(list, policy);
}

void ReadByNameOfSchema(PolicyList* list, Oid schema, const char* name, Rows rows) {
    CommittedScan scan;
    BeginByName(&scan, rows);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(""));
    ForEachCommitted(&scan, keys, 2,
                     [list, schema, rows, &scan](Datum* values, bool*) { AppendByName(list, TargetKind::Schema, schema, &scan, values, rows); });
    EndCommitted(&scan);
}

// Goes through tables and an index in the order of both. Whichever is behind leaps to where the other one is: many tables among few policies cost as
// little as few tables among many policies. order() is negative where a table comes before a row, and positive where it comes behind.
template <class Seek, class Order, class Take>
void Meet(CommittedScan* scan, TablePolicies** tables, int count, Seek seek, Order order, Take take) {
    int next = 0;
    bool leaps = true;
    while (leaps && next < count) {
        ScanKeyData keys[2];
        seek(keys, tables[next]);
        leaps = AnyCommitted(scan, keys, 2, [&](Datum* values, bool*) {
            while (next < count && order(tables[next], values) < 0)
                next++;
            if (next == count || order(tables[next], values) > 0)
                return true;
            take(tables[next], values);
            return false;
        });
    }
}

int ByOid(const void* a, const void* b) {
    Oid first = (*static_cast<TablePolicies*const*>(a))->table, second = (*static_cast<TablePolicies*const*>(b))->table;
    return first < second ? -1 : int(first > second);
}

int ByName(const void* a, const void* b) {
    const TablePolicies *first = *static_cast<TablePolicies*const*>(a), *second = *static_cast<TablePolicies*const*>(b);
    if (first->schema != second->schema)
        return first->schema < second->schema ? -1 : 1;
    return strcmp(NameStr(first->name), NameStr(second->name));
}

void ReadByTargets(TablePolicies** tables, int count, Rows rows) {
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    qsort(tables, count, sizeof *tables, ByOid);
    Meet(
        &scan, tables, count,
        [](ScanKeyData* keys, const TablePolicies* table) {
            ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(char(TargetKind::Table)));
            ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(table->table));
        },
        [](const TablePolicies* table, Datum* values) {
            Oid target = DatumGetObjectId(values[policy_target]);
            return table->table < target ? -1 : int(table->table > target);
        },
        [&scan](TablePolicies* table, Datum*) { Append(&table->policies, ReadRow(&scan)); });
    EndCommitted(&scan);
}

// Tables of one schema.
void ReadByNamesIn(CommittedScan* scan, const char* schema, TablePolicies** tables, int count, Rows rows) {
    Meet(
        scan, tables, count,
        [schema](ScanKeyData* keys, const TablePolicies* table) {
            ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(schema));
            ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_NAMEGE, NameGetDatum(&table->name));
        },
        [](const TablePolicies* table, Datum* values) { return strcmp(NameStr(table->name), NameStr(*DatumGetName(values[policy_table]))); },
        [scan, rows](TablePolicies* table, Datum* values) { AppendByName(&table->policies, TargetKind::Table, table->table, scan, values, rows); });
}

void ReadByNames(TablePolicies** tables, int count, Rows rows) {
    CommittedScan scan;
    BeginByName(&scan, rows);
    qsort(tables, count, sizeof *tables, ByName);
    for (int first = 0, next; first < count; first = next) {
        Oid schema = tables[first]->schema;
        for (next = first; next < count && tables[next]->schema == schema;)
            next++;
        if (const char* name = get_namespace_name(schema))
            ReadByNamesIn(&scan, name, tables + first, next - first, rows);
    }
    EndCommitted(&scan);
}

// How near the policy is to what is touched: columns, table, label, schema, database.
int Distance(const Policy* policy) {
    switch (policy->target_kind) {
        case TargetKind::Table: return policy->column_count > 0 ? -1 : 0;
        case TargetKind::Label: return 1;
        case TargetKind::Schema: return 2;
        default: return 3;
    }
}

// A policy that only watches is laxer than all that refuse, and stricter than what is open.
int Permissiveness(const Policy* policy) {
    bool watches = policy->monitor && policy->effect != Effect::Open;
    return policy->effect == Effect::Open ? 2 * int(Effect::Open) : int(policy->effect) + (watches ? int(Effect::Open) : 0);
}

}    // namespace

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

void ReadSchemaPolicies(PolicyList* list, Oid schema, Rows rows) {
    const char* name = OidIsValid(schema) ? get_namespace_name(schema) : nullptr;
    if (name != nullptr) {
        ReadByTarget(list, TargetKind::Schema, schema, rows);
        ReadByNameOfSchema(list, schema, name, rows);
    }
    ReadByTarget(list, TargetKind::Database, MyDatabaseId, rows);
}

void ReadLabelPolicies(PolicyList* list, Rows rows) { ReadByTarget(list, TargetKind::Label, InvalidOid, rows); }

void ReadTablePolicies(TablePolicies** tables, int count, Rows rows) {
    if (count == 0)
        return;
    ReadByTargets(tables, count, rows);
    ReadByNames(tables, count, rows);
}

void ReadAllPolicies(PolicyList* list, Rows rows) {
    RequirePolicySentinel();
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    ForEachCommitted(&scan, nullptr, 0, [list, &scan](Datum* values, bool*) {
        if (DatumGetChar(values[policy_kind]) != char(TargetKind::Sentinel))
            AppendNew(list, ReadRow(&scan));
    });
    EndCommitted(&scan);
}

Policy* FindPolicy(int64_t id) {
    const Installation* own = RequireInstallation();
    Policy* found = nullptr;
    CommittedScan scan;
    BeginOwn(&scan, of_policy, own->policies, [own] { return get_relname_relid("policies_pkey", own->schema); });
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
        return DatumGetChar(values[policy_kind]) != char(TargetKind::Sentinel) && test(ReadRow(&scan), beside);
    });
    EndCommitted(&scan);
    return found;
}

// The target of the policy, as ReadByTarget and ReadByName find it.
static Oid TargetOf(Datum* values, const Policy* policy) {
    if (policy->target_kind == TargetKind::Database || policy->target_kind == TargetKind::Label || !TargetIsGone(values))
        return policy->target;
    if (!OutlivesItsNames(policy))
        return InvalidOid;
    Oid schema = get_namespace_oid(NameStr(*DatumGetName(values[policy_schema])), true);
    return policy->target_kind == TargetKind::Table ? get_relname_relid(NameStr(*DatumGetName(values[policy_table])), schema) : schema;
}

Oid* ReadTargets(PolicyList* list, About about, Rows rows) {
    List* targets = NIL;
    CommittedScan scan;
    BeginByTarget(&scan, rows);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(char(TargetKind::Table)));
    ForEachCommitted(&scan, &key, about == About::Tables ? 1 : 0, [list, &targets, &scan](Datum* values, bool*) {
        if (DatumGetChar(values[policy_kind]) == char(TargetKind::Sentinel))
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
        ereport(LevelFor(GetSessionUserId()), (errmsg("a role of policy \"%s\" is gone", Shown(policy->name)),
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
    if (a->effect == Effect::Auto && (a->ticket_pattern != nullptr) != (b->ticket_pattern != nullptr))
        return a->ticket_pattern != nullptr;
    if (a->effect == Effect::Auto && a->require_reason != b->require_reason)
        return a->require_reason;
    return a->min_approvals != b->min_approvals ? a->min_approvals > b->min_approvals : a->id < b->id;
}

bool IsStricterByEffect(const Policy* a, const Policy* b) { return Permissiveness(a) < Permissiveness(b); }

List* WithColumn(List* names, const char* name) {
    ListCell* cell;
    foreach (cell, names)
        if (strcmp(static_cast<const char*>(lfirst(cell)), name) == 0)
            return names;
    return lappend(names, pstrdup(name));
}

bool CoversByNameAlone(const Policy* policy, const char* column) {
    bool by_name = false;
    bool there = policy->column_count > 0 && OutlivesItsNames(policy) && SearchSysCacheExists1(RELOID, ObjectIdGetDatum(policy->target));
    for (int i = 0; i < policy->column_count && there; i++)
        by_name = by_name || (strcmp(policy->columns[i], column) == 0 && get_attnum(policy->target, column) != InvalidAttrNumber &&
                              (policy->column_numbers == nullptr || policy->column_numbers[i] != get_attnum(policy->target, column)));
    return by_name;
}

List* AddColumnsOf(const Policy* policy, List* names) {
    for (int i = 0; i < policy->column_count; i++)
        if (policy->columns[i][0] != '\0')
            names = WithColumn(names, policy->columns[i]);
    return names;
}

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
