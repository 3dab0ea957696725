#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"

namespace warrant {

GoverningCache governing_cache = {.direct = {}, .family_generation = 1, .all_invalid = false, .release_wanted = false};

// What a relation's governing policies point to, in one piece: members, ancestors, and the places of the policies, which all relations share.
struct CachedParts {
    CachedParts* next_replaced;
    Decision** decisions;    // of governing policies that were replaced
    int decision_count;
};

namespace {

constexpr long most_cached = 20000;    // relations; beyond it the backend starts afresh
constexpr int most_outdated = 1000;    // policies that were changed; beyond it the backend starts afresh

struct SharedPolicy {
    int64_t id;    // hash key
    Policy* policy;
};

HTAB* governing_policies = nullptr;
HTAB* shared_policies;
MemoryContext cache_context;        // parts, decisions and policies of all relations
MemoryContext reading;              // what reading them leaves behind
CachedParts* replaced = nullptr;    // to which a check under way may still have pointers
int outdated;                       // policies in cache_context that are none any more
HTAB* relatives = nullptr;          // every relation that is in the family of another
uint32_t invalidations = 0;         // how many messages came

void CreateTables() {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(GoverningPolicies);
    governing_policies = hash_create("pg_warrant policies", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.entrysize = sizeof(Oid);
    relatives = hash_create("pg_warrant relatives", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.keysize = sizeof(int64_t);
    control.entrysize = sizeof(SharedPolicy);
    shared_policies = hash_create("pg_warrant policies", 128, &control, HASH_ELEM | HASH_BLOBS);
    if (cache_context == nullptr)
        cache_context = AllocSetContextCreate(TopMemoryContext, "pg_warrant relations", ALLOCSET_DEFAULT_SIZES);
    if (reading == nullptr)
        reading = AllocSetContextCreate(TopMemoryContext, "pg_warrant reading", ALLOCSET_SMALL_SIZES);
}

bool SamePolicies(const PolicyList* a, const PolicyList* b) {
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->items[i]->id != b->items[i]->id)
            return false;
    return true;
}

// Whether an earlier member says the same, or the member says nothing. A policy on a table is no other member's.
bool IsSaid(const GoverningPolicies* policies, const Member* member) {
    const PolicyList* list = &member->policies;
    bool said = list->count == 0;
    for (int i = 0; i < policies->member_count && !said && list->items[0]->target_kind != TargetKind::Table; i++)
        said = SamePolicies(&policies->members[i].policies, list);
    return said;
}

// Returns the relations and schemas whose end changes what covers the family, by a name.
List* ReadDifferent(GoverningPolicies* policies, const List* family) {
    MemberReader reader = NewMemberReader(Rows::Committed);
    Members members = ReadMembers(&reader, family, NIL);
    policies->members = members.items;
    for (int i = 0; i < members.count; i++)
        if (!IsSaid(policies, &members.items[i]))
            policies->members[policies->member_count++] = members.items[i];
    return members.namesakes;
}

void RememberRelatives(const List* found) {
    ListCell* cell;
    foreach (cell, found) {
        Oid relative = lfirst_oid(cell);
        hash_search(relatives, &relative, HASH_ENTER, nullptr);
    }
}

void RememberFamily(GoverningPolicies* policies, List* family) {
    policies->has_family = list_length(family) > 1 || linitial_oid(family) != policies->relation;    // of a toast table: its table
    if (policies->has_family)
        RememberRelatives(family);
}

// Namesakes are no relatives, but their end matters as much.
void RememberNamesakes(GoverningPolicies* policies, const List* namesakes) {
    if (namesakes == NIL)
        return;
    policies->has_family = true;
    RememberRelatives(namesakes);
}

// The parts are not freed at once: a check under way may still hold pointers into them.
void Forget(GoverningPolicies* policies) {
    Oid relation = policies->relation;
    if (CachedParts* parts = policies->parts) {
        parts->decisions = policies->decisions;
        parts->decision_count = (1 + policies->column_count) * command_count;
        parts->next_replaced = replaced;
        replaced = parts;
        governing_cache.release_wanted = true;
    }
    memset(policies, 0, sizeof *policies);
    policies->relation = relation;
}

// The policy as all relations share it.
Policy* Share(const Policy* policy) {
    bool found;
    SharedPolicy* shared = static_cast<SharedPolicy*>(hash_search(shared_policies, &policy->id, HASH_ENTER, &found));
    if (found && shared->policy != nullptr && IsSameVersion(shared->policy, policy) && HaveSameColumns(shared->policy, policy))
        return shared->policy;
    if (found && shared->policy != nullptr)
        governing_cache.release_wanted = ++outdated > most_outdated || governing_cache.release_wanted;
    shared->policy = nullptr;    // in case CopyPolicy fails for lack of memory
    MemoryContext caller = MemoryContextSwitchTo(cache_context);
    shared->policy = CopyPolicy(policy);
    MemoryContextSwitchTo(caller);
    return shared->policy;
}

// The columns that the members' policies name, each once. Those of a policy on another relation of the family are the columns of the same names here.
List* ColumnsOf(const GoverningPolicies* policies) {
    List* columns = NIL;
    for (int i = 0; i < policies->member_count; i++)
        for (int j = 0; j < policies->members[i].policies.count; j++)
            columns = AddColumnsOf(policies->members[i].policies.items[j], columns);
    return columns;
}

void KeepColumns(GoverningPolicies* policies, const List* names, GovernedColumn* columns) {
    policies->column_count = list_length(names);
    policies->columns = columns;
    ListCell* cell;
    foreach (cell, names) {
        const char* name = static_cast<const char*>(lfirst(cell));
        *columns = GovernedColumn{};
        namestrcpy(&columns->name, name);
        columns++->number = get_attnum(policies->relation, name);
    }
}

// Moves what was read to where it stays.
void Keep(GoverningPolicies* policies) {
    const List* column_names = ColumnsOf(policies);
    Size of_columns = list_length(column_names) * sizeof(GovernedColumn);
    Size of_members = policies->member_count * sizeof(Member), of_ancestors = policies->ancestor_count * sizeof(Oid);
    Size of_policies = 0;
    for (int i = 0; i < policies->member_count; i++)
        of_policies += policies->members[i].policies.count * sizeof(Policy*);
    CachedParts* parts =
        static_cast<CachedParts*>(MemoryContextAlloc(cache_context, sizeof(CachedParts) + of_members + of_policies + of_ancestors + of_columns));
    *parts = CachedParts{};
    Member* members = reinterpret_cast<Member*>(parts + 1);
    Policy** place = reinterpret_cast<Policy**>(members + policies->member_count);
    for (int i = 0; i < policies->member_count; i++) {
        const PolicyList* read = &policies->members[i].policies;
        members[i] = Member{policies->members[i].relation, policies->members[i].schema, PolicyList{read->count, read->count, place, NIL}};
        for (int j = 0; j < read->count; j++)
            *place++ = Share(read->items[j]);
    }
    Oid* ancestors = reinterpret_cast<Oid*>(place);
    memcpy(ancestors, policies->ancestors, of_ancestors);
    KeepColumns(policies, column_names, reinterpret_cast<GovernedColumn*>(ancestors + policies->ancestor_count));
    policies->members = members;
    policies->ancestors = ancestors;
    policies->parts = parts;
    policies->context = cache_context;
}

void Fill(GoverningPolicies* policies) {
    Oid relation = policies->relation;
    uint32_t before = invalidations;
    MemoryContextReset(reading);
    MemoryContext caller = MemoryContextSwitchTo(reading);
    policies->relkind = get_rel_relkind(relation);
    if (policies->relkind == RELKIND_TOASTVALUE)
        relation = OwnerOfToast(relation);
    policies->known_kind = OidIsValid(relation) && strchr("rpfvmS", get_rel_relkind(relation)) != nullptr;
    policies->schema = OidIsValid(relation) ? get_rel_namespace(relation) : InvalidOid;
    const char* name = OidIsValid(relation) ? get_rel_name(relation) : nullptr;
    const char* schema = get_namespace_name(policies->schema);
    namestrcpy(&policies->relation_name, name == nullptr ? "" : name);
    namestrcpy(&policies->schema_name, schema == nullptr ? "" : schema);
    policies->own = policies->schema == RequireInstallation()->schema;
    List* family = ReadFamily(relation, policies->relkind, &policies->ancestor_count);
    policies->ancestors = static_cast<Oid*>(palloc(policies->ancestor_count * sizeof(Oid)));
    for (int i = 0; i < policies->ancestor_count; i++)
        policies->ancestors[i] = list_nth_oid(family, i);
    RememberFamily(policies, family);
    if (!policies->own) {    // what is ours is read without policies, so that status() can tell that they are missing
        RequirePolicySentinel();
        RememberNamesakes(policies, ReadDifferent(policies, family));
    }
    if (invalidations != before)    // perhaps of one that was no known relative yet
        policies->valid = false;
    policies->free = policies->member_count == 0 && policies->known_kind && !policies->own;
    if (policies->free) {    // keeps nothing: a backend may meet a hundred thousand tables
        policies->members = nullptr;
        policies->ancestors = nullptr;
        policies->ancestor_count = 0;
    } else {
        Keep(policies);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextReset(reading);
}

void MarkCurrent(GoverningPolicies* policies) {
    policies->valid = true;
    policies->family_generation = governing_cache.family_generation;
}

void ApplyInvalidateAll() {
    governing_cache.all_invalid = false;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, governing_policies);
    while (GoverningPolicies* policies = static_cast<GoverningPolicies*>(hash_seq_search(&status)))
        policies->valid = false;
}

void StartAfresh() {
    hash_destroy(governing_policies);
    hash_destroy(relatives);
    hash_destroy(shared_policies);
    memset(governing_cache.direct, 0, sizeof governing_cache.direct);
    MemoryContextReset(cache_context);
    replaced = nullptr;
    outdated = 0;
    CreateTables();
}

GoverningPolicies* Enter(Oid relation) {
    bool found;
    GoverningPolicies* policies = static_cast<GoverningPolicies*>(hash_search(governing_policies, &relation, HASH_ENTER, &found));
    if (!found)
        policies->parts = nullptr, policies->filled = false;
    governing_cache.release_wanted = governing_cache.release_wanted || hash_get_num_entries(governing_policies) > most_cached;
    return governing_cache.direct[relation & (GoverningCache::size - 1)] = policies;
}

}    // namespace

void InvalidateGoverningPolicies(Oid relation) {
    if (governing_policies == nullptr)
        return;
    invalidations++;
    const Installation* own = InstallationIsKnown() ? FindInstallation() : nullptr;
    bool rules_changed = !InstallationIsKnown() || (own != nullptr && (relation == own->policy_epoch || relation == own->policies));
    if (own != nullptr && (relation == own->grant_epoch || relation == own->grant_scopes))
        decision_generation++;
    if (!OidIsValid(relation) || rules_changed) {
        governing_cache.all_invalid = true;
        decision_generation++;
        return;
    }
    if (GoverningPolicies* policies = static_cast<GoverningPolicies*>(hash_search(governing_policies, &relation, HASH_FIND, nullptr)))
        policies->valid = false;
    if (hash_search(relatives, &relation, HASH_FIND, nullptr) != nullptr)
        governing_cache.family_generation++;
}

void ReleaseGoverningPolicies() {
    if (hash_get_num_entries(governing_policies) > most_cached || outdated > most_outdated)
        StartAfresh();
    while (replaced != nullptr) {
        CachedParts* next = replaced->next_replaced;
        for (int i = 0; replaced->decisions != nullptr && i < replaced->decision_count; i++)
            if (replaced->decisions[i] != nullptr)
                pfree(replaced->decisions[i]);
        if (replaced->decisions != nullptr)
            pfree(replaced->decisions);
        pfree(replaced);
        replaced = next;
    }
    governing_cache.release_wanted = false;
}

GoverningPolicies* ReadGoverningPolicies(Oid relation) {
    if (governing_policies == nullptr)
        CreateTables();
    if (governing_cache.all_invalid)
        ApplyInvalidateAll();
    GoverningPolicies* policies = Enter(relation);
    if (IsCurrent(policies))
        return policies;
    Forget(policies);
    MarkCurrent(policies);    // before reading: what changes meanwhile takes the mark away
    Fill(policies);
    policies->filled = true;
    return policies;
}

GoverningPolicies* ReadSchemaGoverningPolicies(Oid schema) {
    GoverningPolicies* policies = static_cast<GoverningPolicies*>(palloc0(sizeof(GoverningPolicies)));
    const char* name = get_namespace_name(schema);
    policies->context = CurrentMemoryContext;
    policies->known_kind = true;
    policies->relkind = relkind_schema;
    policies->schema = schema;
    namestrcpy(&policies->schema_name, name == nullptr ? "" : name);
    policies->own = IsOwnSchema(schema);
    bool covered = (schema >= FirstNormalObjectId || schema == PG_PUBLIC_NAMESPACE) && !policies->own && !isAnyTempNamespace(schema);
    policies->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (covered && name != nullptr) {
        RequirePolicySentinel();
        ReadSchemaPolicies(&policies->members->policies, schema);
    }
    policies->member_count = policies->members->policies.count > 0 ? 1 : 0;
    policies->free = policies->member_count == 0 && !policies->own;
    return policies;
}

GoverningPolicies* ReadDatabaseGoverningPolicies(Oid subject) {
    GoverningPolicies* policies = static_cast<GoverningPolicies*>(palloc0(sizeof(GoverningPolicies)));
    policies->context = CurrentMemoryContext;
    policies->known_kind = true;
    policies->relkind = relkind_database;
    PolicyList all = {};
    ReadAllPolicies(&all);
    Policy* winner = const_cast<Policy*>(AdminPolicy(&all, [subject](const Policy* policy) { return AimAt(policy, subject); }));
    policies->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (winner != nullptr) {
        if ((winner->commands & MaskOf(Command::Admin)) == 0) {    // its conditions are about its own object
            winner->hours = nullptr;
            winner->networks = nullptr;
        }
        winner->commands |= MaskOf(Command::Admin);
        winner->column_count = 0;
        AppendNew(&policies->members->policies, winner);
        policies->member_count = 1;
    }
    policies->free = policies->member_count == 0;
    return policies;
}

bool IsGoverned(Oid relation) {
    if (relation < FirstNormalObjectId)
        return HoldsSamples(relation);
    const GoverningPolicies* policies = FindGoverningPolicies(relation);
    return !policies->free && !policies->own;
}

bool TouchesOthers(const GoverningPolicies* policies, const TouchedColumns& touched) {
    bool others = touched.all || bms_is_empty(touched.some);
    for (int member = -1; !others && (member = bms_next_member(touched.some, member)) >= 0;) {
        AttrNumber number = AttrNumber(member + FirstLowInvalidHeapAttributeNumber);
        others = true;
        for (int i = 0; i < policies->column_count && others; i++)
            others = number == InvalidAttrNumber || policies->columns[i].number != number;
    }
    return others;
}

bool Touches(const GovernedColumn& column, const TouchedColumns& touched) {
    return touched.all || (column.number != InvalidAttrNumber && (bms_is_member(column.number - FirstLowInvalidHeapAttributeNumber, touched.some) ||
                                                                  bms_is_member(-FirstLowInvalidHeapAttributeNumber, touched.some)));
}

}    // namespace warrant
