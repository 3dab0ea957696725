#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/exact.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

// Columns of warrant.grant_scopes, and their numbers.
// clang-format off
constexpr OwnColumn of_scope[] = {
    {"grant_id"}, {"grantee"}, {"policy_id"}, {"target_kind"}, {"target"}, {"commands"}, {"starts_at"}, {"ends_at"},
    {"closed"}, {"members"}, {"schema_name"}, {"max_uses", true}, {"granters", true}, {"policy_version", true}, {"columns", true},
    {"max_rows", true}, {"exact", true},
};
enum {
    c_grant, c_grantee, c_policy, c_target_kind, c_target, c_commands, c_starts_at, c_ends_at,
    c_closed, c_members, c_schema_name, c_max_uses, c_granters, c_policy_version, c_columns, c_max_rows, c_exact
};
// clang-format on
static_assert(lengthof(of_scope) == c_exact + 1);

bool UnderPolicy(Datum* values, const Policy* policy) { return DatumGetInt64(values[c_policy]) == policy->id; }

// Whether the grant was made under terms that the policy still has, or would be given again under those that it has now.
bool UnderItsTerms(const Datum* values, const Policy* policy) {
    if (DatumGetInt32(values[c_policy_version]) >= policy->terms_from)
        return true;
    for (int i = 0; i < policy->kept_count; i++)
        if (policy->kept_grants[i] == DatumGetInt64(values[c_grant]))
            return true;
    return false;
}

bool CoversObject(Datum* values, const GoverningPolicies* policies) {
    return Covers(TargetKind(DatumGetChar(values[c_target_kind])), DatumGetObjectId(values[c_target]), policies);
}

// The names of a scope's columns, which is on a relation; those that are gone have none.
List* ColumnsOf(const Datum* values) {
    Datum* numbers;
    int count;
    List* names = NIL;
    deconstruct_array(DatumGetArrayTypeP(values[c_columns]), INT2OID, sizeof(int16_t), true, TYPALIGN_SHORT, &numbers, nullptr, &count);
    for (int i = 0; i < count; i++)
        if (HeapTuple column = SearchSysCacheAttNum(DatumGetObjectId(values[c_target]), DatumGetInt16(numbers[i])); HeapTupleIsValid(column)) {
            names = lappend(names, pstrdup(NameStr(Form_pg_attribute(GETSTRUCT(column))->attname)));
            ReleaseSysCache(column);
        }
    return names;
}

bool IsAmong(const char* name, const List* names) {
    ListCell* cell;
    foreach (cell, names)
        if (strcmp(static_cast<const char*>(lfirst(cell)), name) == 0)
            return true;
    return false;
}

bool IsDecidedByItself(const GoverningPolicies* policies, AttrNumber number) {
    for (int i = 0; i < policies->column_count; i++)
        if (policies->columns[i].number == number)
            return true;
    return false;
}

// Whether a scope on columns covers the column, or, with nullptr, each that is touched and not decided about by itself.
bool CoversColumns(const List* names, const GoverningPolicies* policies, const char* column, const TouchedColumns& touched) {
    if (column != nullptr)
        return IsAmong(column, names);
    bool covered = !touched.all && policies->relkind != RELKIND_TOASTVALUE;
    for (int member = -1; covered && (member = bms_next_member(touched.some, member)) >= 0;) {
        AttrNumber number = AttrNumber(member + FirstLowInvalidHeapAttributeNumber);
        const char* name = number <= 0 ? nullptr : get_attname(policies->relation, number, true);
        covered = (number > 0 && IsDecidedByItself(policies, number)) || (name != nullptr && IsAmong(name, names));
    }
    return covered;
}

bool InWindow(Datum* values, TimestampTz now) {
    return !DatumGetBool(values[c_closed]) && DatumGetTimestampTz(values[c_starts_at]) <= now && now < DatumGetTimestampTz(values[c_ends_at]);
}

bool IsMeant(Datum* values, Oid subject) { return IsMeantFor(DatumGetObjectId(values[c_grantee]), values[c_members], subject); }

// Whether the session's human has approved the grant under another login: the server told the identity.
bool IsOwn(const Datum* values, const bool* nulls) {
    const char* identity = client_identity == nullptr ? nullptr : client_identity();
    if (identity == nullptr || identity[0] == '\0' || nulls[c_granters])
        return false;
    Datum* granters;
    bool* unknown;
    int count;
    deconstruct_array(DatumGetArrayTypeP(values[c_granters]), TEXTOID, -1, false, TYPALIGN_INT, &granters, &unknown, &count);
    for (int i = 0; i < count; i++)
        if (!unknown[i] && strcmp(TextDatumGetCString(granters[i]), identity) == 0)
            return true;
    return false;
}

bool HasMoreRows(const LiveGrant& grant, const LiveGrant& than) {
    return than.max_rows != 0 && (grant.max_rows == 0 || grant.max_rows > than.max_rows);
}

bool IsBetter(const LiveGrant& grant, const LiveGrant& best) {
    if (best.id == 0 || grant.cost != best.cost)
        return best.id == 0 || grant.cost < best.cost;
    if (HasMoreRows(grant, best) || HasMoreRows(best, grant))
        return HasMoreRows(grant, best);
    return grant.exact != best.exact ? grant.exact : grant.ends_at > best.ends_at;
}

// Whether the grant, if it is exact, serves the statement under check. Notes one that does not.
bool ServesStatement(const Datum* values, const LiveGrant& grant, bool for_statement) {
    if (!grant.exact)
        return true;
    const bytea* identity = DatumGetByteaPP(values[c_exact]);
    Difference difference = !for_statement || difference_from == nullptr || VARSIZE_ANY_EXHDR(identity) != identity_bytes
                                ? Difference::NotItself
                                : difference_from(reinterpret_cast<const StatementIdentity*>(VARDATA_ANY(identity)));
    bool nearer = missed_grant.id == 0 || missed_grant.difference == Difference::NotItself || difference > missed_grant.difference;
    if (difference != Difference::None && nearer)
        missed_grant = MissedGrant{grant.id, difference};
    return difference == Difference::None;
}

// The sentinel names where the grants were made: the server in its policy's place, the database, and the instance. A copy has others.
bool IsHome(Datum* sentinel) {
    return DatumGetInt64(sentinel[c_policy]) == int64(GetSystemIdentifier()) && DatumGetObjectId(sentinel[c_target]) == MyDatabaseId &&
           strcmp(NameStr(*DatumGetName(sentinel[c_schema_name])), settings.instance) == 0;
}

// Whether the grant could take the best one's place, before it is looked at what it costs.
bool MayBeBetter(bool limited, const LiveGrant& grant, const LiveGrant& best) {
    return best.id == 0 || best.cost != UseCost::Nothing || (!limited && IsBetter(grant, best));
}

// What a grant can be on that covers the relation: itself or an ancestor, its schema, the database.
List* TargetsOf(const GoverningPolicies* policies) {
    List* targets = list_make2_oid(policies->schema, MyDatabaseId);
    for (int i = 0; i < policies->ancestor_count; i++)
        targets = lappend_oid(targets, policies->ancestors[i]);
    return targets;
}

template <class Visit>
void ForEachOfGrantee(CommittedScan* scan, Oid grantee, const List* targets, Visit visit) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(grantee));
    bool by_target = OidIsValid(grantee) && IndexRelationGetNumberOfKeyAttributes(scan->index) > 1;    // in the script of 0.3.0 it has one column
    if (!by_target)
        return ForEachCommitted(scan, keys, 1, visit);
    ListCell* cell;
    foreach (cell, targets) {
        ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(lfirst_oid(cell)));
        ForEachCommitted(scan, keys, 2, visit);
    }
}

// The roles whose grants this backend's decisions may depend on.
HTAB* asked_of = nullptr;

// The roles are remembered before anything is read, so that what changes meanwhile is heard.
void RememberGrantees(const List* roles) {
    if (asked_of == nullptr) {
        HASHCTL control = {};
        control.keysize = control.entrysize = sizeof(Oid);
        asked_of = hash_create("pg_warrant grantees", 16, &control, HASH_ELEM | HASH_BLOBS);
    }
    ListCell* cell;
    foreach (cell, roles) {
        Oid role = lfirst_oid(cell);
        (void)hash_search(asked_of, &role, HASH_ENTER, nullptr);
    }
}

// Calls visit(values, nulls) for the scopes of the subject's grants on these targets, with an older script for others, too. False in a copy, where no
// grant lives. Raises 55000 when the table cannot be read.
template <class Visit>
bool ForEachScopeOn(const List* targets, Oid subject, Visit visit) {
    const Installation* own = RequireInstallation();
    bool sentinel = false, home = false;
    List* roles = RoleIsGone(subject) ? NIL : RolesOf(subject);
    RememberGrantees(roles);
    List* grantees = lappend_oid(roles, InvalidOid);    // the sentinel's grantee
    CommittedScan scan;
    BeginOwn(&scan, of_scope, own->grant_scopes, [] { return RequireInstallation()->grant_scopes_by_grantee; });
    ListCell* cell;
    foreach (cell, grantees) {
        ForEachOfGrantee(&scan, lfirst_oid(cell), targets, [&](Datum* values, bool* nulls) {
            if (DatumGetChar(values[c_target_kind]) == char(TargetKind::Sentinel)) {
                sentinel = true;
                home = IsHome(values);
            } else {
                visit(values, nulls);
            }
        });
    }
    EndCommitted(&scan);
    if (!sentinel)
        ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot read its grants"),
                        errdetail("The table is being rewritten, or its contents were removed.")));
    return home;
}

// As ForEachScopeOn, of those that may be on the relation, or around it.
template <class Visit>
bool ForEachScope(Oid subject, const GoverningPolicies* policies, Visit visit) {
    return ForEachScopeOn(TargetsOf(policies), subject, visit);
}

// What an exact grant lets run is no decision to keep: it always has uses.
bool MayBeExact(const bool* nulls, const Policy* policy) { return nulls[c_exact] ? !policy->exact : !nulls[c_max_uses]; }

// Whether the grant serves the access while it is in its window and has uses left.
bool Serves(Datum* values, const bool* nulls, Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command) {
    if (!MayBeExact(nulls, policy))
        return false;
    return UnderPolicy(values, policy) && UnderItsTerms(values, policy) && CoversObject(values, policies) && IsMeant(values, subject) &&
           !IsOwn(values, nulls) && (ParseCommands(DatumGetArrayTypeP(values[c_commands])) & MaskOf(command)) != 0;
}

GrantAhead FirstAhead(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, TimestampTz now) {
    GrantAhead first = {};
    bool home = ForEachScope(subject, policies, [&](Datum* values, bool* nulls) {
        TimestampTz starts_at = DatumGetTimestampTz(values[c_starts_at]);
        if (nulls[c_columns] && !DatumGetBool(values[c_closed]) && starts_at > now && (first.id == 0 || starts_at < first.starts_at) &&
            Serves(values, nulls, subject, policy, policies, command))
            first = GrantAhead{DatumGetInt64(values[c_grant]), starts_at};
    });
    return home ? first : GrantAhead{};
}

LiveGrant BestGrant(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, const char* column,
                    const TouchedColumns& touched, TimestampTz now, bool for_statement) {
    LiveGrant best = {};
    bool home = ForEachScope(subject, policies, [&](Datum* values, bool* nulls) {
        bool limited = !nulls[c_max_uses];
        bool on_columns = !nulls[c_columns] && IsOnColumns(command);
        LiveGrant grant = {DatumGetInt64(values[c_grant]),
                           DatumGetTimestampTz(values[c_ends_at]),
                           UseCost::Nothing,
                           on_columns && column == nullptr,
                           nulls[c_max_rows] ? 0 : DatumGetInt64(values[c_max_rows]),
                           !nulls[c_exact]};
        if (!InWindow(values, now) || !MayBeBetter(limited, grant, best) || !Serves(values, nulls, subject, policy, policies, command))
            return;
        if (on_columns && !CoversColumns(ColumnsOf(values), policies, column, touched))
            return;
        if (limited && !FindUseCost(grant.id, &grant.cost))
            return;
        if (!ServesStatement(values, grant, for_statement))
            return;
        if (IsBetter(grant, best))
            best = grant;
    });
    return home ? best : LiveGrant{};
}

// Reads in memory of its own, which is freed afterwards.
template <class Read>
auto Reading(Read read) {
    MemoryContext reading = AllocSetContextCreate(CurrentMemoryContext, "pg_warrant grants", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(reading);
    auto found = read();
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(reading);
    return found;
}

}    // namespace

bool Covers(TargetKind kind, Oid target, const GoverningPolicies* policies) {
    switch (kind) {
        case TargetKind::Table:
            for (int i = 0; i < policies->ancestor_count; i++)
                if (policies->ancestors[i] == target)
                    return true;
            return false;
        case TargetKind::Schema: return target == policies->schema;
        case TargetKind::Database: return target == MyDatabaseId;
        default: return false;
    }
}

bool IsMeantFor(Oid grantee, Datum members, Oid subject) {
    if (grantee == subject)
        return true;
    Datum* elements;
    int count;
    deconstruct_array(DatumGetArrayTypeP(members), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count; i++)
        if (DatumGetObjectId(elements[i]) == subject)
            return true;
    return false;
}

void InvalidateGrantsOf(Oid role) {
    if (asked_of != nullptr && hash_search(asked_of, &role, HASH_FIND, nullptr) != nullptr)
        decision_generation++;
}

void SendGrantsChanged(Oid role) {
    constexpr Size header = MAXALIGN(SizeofHeapTupleHeader);
    HeapTupleData tuple = {};
    tuple.t_len = header + sizeof(FormData_pg_class);
    tuple.t_data = static_cast<HeapTupleHeader>(palloc0(tuple.t_len));
    tuple.t_data->t_hoff = header;
    Form_pg_class(GETSTRUCT(&tuple))->oid = role;
    CacheInvalidateRelcacheByTuple(&tuple);
    pfree(tuple.t_data);
}

bool AreAtHome(Rows rows) {
    const Installation* own = RequireInstallation();
    bool home = false;
    CommittedScan scan;
    BeginOwn(
        &scan, of_scope, own->grant_scopes, [] { return RequireInstallation()->grant_scopes_by_grantee; }, rows);
    ForEachOfGrantee(&scan, InvalidOid, NIL, [&home](Datum* values, bool*) {
        home = home || (DatumGetChar(values[c_target_kind]) == char(TargetKind::Sentinel) && IsHome(values));
    });
    EndCommitted(&scan);
    return home;
}

LiveGrant FindGrant(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, const char* column,
                    const TouchedColumns& touched, TimestampTz now, bool for_statement) {
    return Reading([=] { return BestGrant(subject, policy, policies, command, column, touched, now, for_statement); });
}

bool FindGrantOnColumns(Oid user, const GoverningPolicies* policies) {
    if (!OidIsValid(user) || IsExempt(user))
        return false;
    return Reading([=] {
        List* family = FamilyOf(policies->relation);
        TimestampTz now = MonotonicNow();
        bool found = false;
        bool home = ForEachScopeOn(family, user, [&](Datum* values, bool* nulls) {
            found |= !nulls[c_columns] && !DatumGetBool(values[c_closed]) && DatumGetTimestampTz(values[c_ends_at]) > now &&
                     list_member_oid(family, DatumGetObjectId(values[c_target])) && IsMeant(values, user);
        });
        return home && found;
    });
}

GrantAhead FindGrantAhead(Oid subject, const Policy* policy, const GoverningPolicies* policies, Command command, TimestampTz now) {
    return Reading([=] { return FirstAhead(subject, policy, policies, command, now); });
}

bool IsGrantOpen(int64_t id, Oid subject, const GoverningPolicies* policies, TimestampTz now) {
    return Reading([=] {
        bool open = false;
        bool home = ForEachScope(subject, policies, [&](Datum* values, bool* nulls) {
            open |= DatumGetInt64(values[c_grant]) == id && nulls[c_exact] && InWindow(values, now) && IsMeant(values, subject);
        });
        return home && open;
    });
}

}    // namespace warrant
