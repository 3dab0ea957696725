#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"

namespace warrant {

GoverningCache governing_cache = {.free = {}, .direct = {}, .family_generation = 1, .all_invalid = false, .release_wanted = false};

// What a relation's governing policies point to, in one piece: members, ancestors, and the places of the policies, which all relations share.
struct KeptParts {
    KeptParts* next_replaced;
    Decision* decisions;               // of governing policies that were replaced
};

namespace {

constexpr long most_cached = 20000;    // relations; beyond it the backend starts afresh
constexpr int most_outdated = 1000;  // policies that were changed; beyond it the backend starts afresh

struct SharedPolicy {
    int64_t id;                      // hash key
    Policy* policy;
};

HTAB* governing_policies = nullptr;
HTAB* policies;
MemoryContext cache_context;         // parts, decisions and policies of all relations
MemoryContext reading;               // what reading them leaves behind
KeptParts* replaced = nullptr;       // to which a check under way may still have pointers
int outdated;                        // policies in cache_context that are none any more
HTAB* relatives = nullptr;    // every relation that is in the family of another
uint32_t invalidations = 0;   // how many messages came

void CreateTables() {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(GoverningPolicies);
    governing_policies = hash_create("pg_warrant governing", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.entrysize = sizeof(Oid);
    relatives = hash_create("pg_warrant relatives", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.keysize = sizeof(int64_t);
    control.entrysize = sizeof(SharedPolicy);
    policies = hash_create("pg_warrant policies", 128, &control, HASH_ELEM | HASH_BLOBS);
    if (cache_context == nullptr)
        cache_context = AllocSetContextCreate(TopMemoryContext, "pg_warrant relations", ALLOCSET_DEFAULT_SIZES);
    if (reading == nullptr)
        reading = AllocSetContextCreate(TopMemoryContext, "pg_warrant reading", ALLOCSET_SMALL_SIZES);
}

}    // namespace

void ReadMember(Member* member, Oid relation, Rows rows) {
    Oid schema = get_rel_namespace(relation);
    char* name = get_rel_name(relation);
    char* schema_name = get_namespace_name(schema);
    if (name == nullptr || schema_name == nullptr)
        return;
    ReadPolicies(&member->policies, TargetKind::Table, relation, schema_name, name, rows);
    if (CoveredByTableOnly(relation, schema))
        return;
    ReadPolicies(&member->policies, TargetKind::Schema, schema, schema_name, "", rows);
    ReadPolicies(&member->policies, TargetKind::Database, MyDatabaseId, nullptr, nullptr, rows);
}

namespace {

bool SamePolicies(const PolicyList* a, const PolicyList* b) {
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->items[i]->id != b->items[i]->id)
            return false;
    return true;
}

// Keeps a member unless it has no policy or says the same as another: a thousand partitions under one policy are one member.
// Returns the relations whose end changes what covers the family, by a name.
List* ReadMembers(GoverningPolicies* governing, List* family) {
    List* namesakes = NIL;
    governing->members = static_cast<Member*>(palloc0(list_length(family) * sizeof(Member)));
    ListCell* cell;
    foreach (cell, family) {
        Member* member = &governing->members[governing->member_count];
        *member = Member{};
        ReadMember(member, lfirst_oid(cell), Rows::Committed);
        namesakes = list_concat_unique_oid(namesakes, member->policies.namesakes);
        bool differs = member->policies.count > 0;
        for (int i = 0; i < governing->member_count && differs; i++)
            differs = !SamePolicies(&governing->members[i].policies, &member->policies);
        if (differs)
            governing->member_count++;
    }
    return namesakes;
}

void RememberRelatives(const List* found) {
    ListCell* cell;
    foreach (cell, found) {
        Oid relative = lfirst_oid(cell);
        hash_search(relatives, &relative, HASH_ENTER, nullptr);
    }
}

void RememberFamily(GoverningPolicies* governing, List* family) {
    governing->has_family = list_length(family) > 1 || linitial_oid(family) != governing->relation;    // of a toast table: its table
    if (governing->has_family)
        RememberRelatives(family);
}

// Namesakes are no relatives, but their end matters as much.
void RememberNamesakes(GoverningPolicies* governing, const List* namesakes) {
    if (namesakes == NIL)
        return;
    governing->has_family = true;
    RememberRelatives(namesakes);
}

// The parts are not freed at once: a check under way may still hold pointers into them.
void Forget(GoverningPolicies* governing) {
    Oid relation = governing->relation;
    if (KeptParts* parts = governing->parts) {
        parts->decisions = governing->decisions;
        parts->next_replaced = replaced;
        replaced = parts;
        governing_cache.release_wanted = true;
    }
    memset(governing, 0, sizeof *governing);
    governing->relation = relation;
}

// The policy as all relations share it.
Policy* Share(const Policy* policy) {
    bool found;
    SharedPolicy* shared = static_cast<SharedPolicy*>(hash_search(policies, &policy->id, HASH_ENTER, &found));
    if (found && shared->policy != nullptr && IsSameVersion(shared->policy, policy))
        return shared->policy;
    if (found && shared->policy != nullptr)
        governing_cache.release_wanted = ++outdated > most_outdated || governing_cache.release_wanted;
    shared->policy = nullptr;    // should memory end here
    MemoryContext caller = MemoryContextSwitchTo(cache_context);
    shared->policy = CopyPolicy(policy);
    MemoryContextSwitchTo(caller);
    return shared->policy;
}

// Moves what was read to where it stays.
void Keep(GoverningPolicies* governing) {
    Size of_members = governing->member_count * sizeof(Member), of_ancestors = governing->ancestor_count * sizeof(Oid);
    Size of_policies = 0;
    for (int i = 0; i < governing->member_count; i++)
        of_policies += governing->members[i].policies.count * sizeof(Policy*);
    KeptParts* parts = static_cast<KeptParts*>(MemoryContextAlloc(cache_context, sizeof(KeptParts) + of_members + of_policies + of_ancestors));
    *parts = KeptParts{};
    Member* members = reinterpret_cast<Member*>(parts + 1);
    Policy** place = reinterpret_cast<Policy**>(members + governing->member_count);
    for (int i = 0; i < governing->member_count; i++) {
        const PolicyList* read = &governing->members[i].policies;
        members[i].policies = PolicyList{read->count, read->count, place, NIL};
        for (int j = 0; j < read->count; j++)
            *place++ = Share(read->items[j]);
    }
    Oid* ancestors = reinterpret_cast<Oid*>(place);
    memcpy(ancestors, governing->ancestors, of_ancestors);
    governing->members = members;
    governing->ancestors = ancestors;
    governing->parts = parts;
    governing->context = cache_context;
}

void Fill(GoverningPolicies* governing) {
    Oid relation = governing->relation;
    uint32_t before = invalidations;
    MemoryContextReset(reading);
    MemoryContext caller = MemoryContextSwitchTo(reading);
    governing->relkind = get_rel_relkind(relation);
    if (governing->relkind == RELKIND_TOASTVALUE)
        relation = OwnerOfToast(relation);
    governing->known_kind = OidIsValid(relation) && strchr("rpfvmS", get_rel_relkind(relation)) != nullptr;
    governing->schema = OidIsValid(relation) ? get_rel_namespace(relation) : InvalidOid;
    const char* name = OidIsValid(relation) ? get_rel_name(relation) : nullptr;
    const char* schema = get_namespace_name(governing->schema);
    namestrcpy(&governing->relation_name, name == nullptr ? "" : name);
    namestrcpy(&governing->schema_name, schema == nullptr ? "" : schema);
    governing->own = governing->schema == RequireInstallation()->schema;
    List* family = ReadFamily(relation, governing->relkind, &governing->ancestor_count);
    governing->ancestors = static_cast<Oid*>(palloc(governing->ancestor_count * sizeof(Oid)));
    for (int i = 0; i < governing->ancestor_count; i++)
        governing->ancestors[i] = list_nth_oid(family, i);
    RememberFamily(governing, family);
    if (!governing->own) {    // what is ours is read without policies, so that status() can tell that they are missing
        RequirePolicySentinel();
        RememberNamesakes(governing, ReadMembers(governing, family));
    }
    if (invalidations != before)    // perhaps of one that was no known relative yet
        governing->valid = false;
    governing->free = governing->member_count == 0 && governing->known_kind && !governing->own;
    if (governing->free) {    // keeps nothing: a backend may meet a hundred thousand tables
        governing->members = nullptr;
        governing->ancestors = nullptr;
        governing->ancestor_count = 0;
    } else {
        Keep(governing);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextReset(reading);
}

void MarkCurrent(GoverningPolicies* governing) {
    governing->valid = true;
    governing->family_generation = governing_cache.family_generation;
}

void ApplyInvalidateAll() {
    governing_cache.all_invalid = false;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, governing_policies);
    while (GoverningPolicies* governing = static_cast<GoverningPolicies*>(hash_seq_search(&status)))
        governing->valid = false;
}

void StartAfresh() {
    hash_destroy(governing_policies);
    hash_destroy(relatives);
    hash_destroy(policies);
    memset(governing_cache.direct, 0, sizeof governing_cache.direct);
    memset(governing_cache.free, 0, sizeof governing_cache.free);
    MemoryContextReset(cache_context);
    replaced = nullptr;
    outdated = 0;
    CreateTables();
}

GoverningPolicies* Enter(Oid relation) {
    bool found;
    GoverningPolicies* governing = static_cast<GoverningPolicies*>(hash_search(governing_policies, &relation, HASH_ENTER, &found));
    if (!found)
        governing->parts = nullptr, governing->filled = false;
    governing_cache.release_wanted = governing_cache.release_wanted || hash_get_num_entries(governing_policies) > most_cached;
    return governing_cache.direct[relation & (GoverningCache::size - 1)] = governing;
}

}    // namespace

bool LookWhetherFree(Oid relation) {
    const GoverningPolicies* governing = FindGoverningPolicies(relation);
    if (governing->free && !governing_cache.all_invalid && IsCurrent(governing))    // and nothing has changed while it was read
        governing_cache.free[relation & (GoverningCache::size - 1)] = relation;
    return governing->free;
}

void InvalidateGoverningPolicies(Oid relation) {
    if (governing_policies == nullptr)
        return;
    invalidations++;
    Oid* place = &governing_cache.free[relation & (GoverningCache::size - 1)];
    if (*place == relation)
        *place = InvalidOid;
    const Installation* own = InstallationIsKnown() ? FindInstallation() : nullptr;
    bool rules_changed = !InstallationIsKnown() || (own != nullptr && (relation == own->policy_epoch || relation == own->policies));
    if (own != nullptr && (relation == own->grant_epoch || relation == own->grant_scopes))
        decision_generation++;
    if (!OidIsValid(relation) || rules_changed) {
        memset(governing_cache.free, 0, sizeof governing_cache.free);
        governing_cache.all_invalid = true;
        decision_generation++;
        return;
    }
    if (GoverningPolicies* governing = static_cast<GoverningPolicies*>(hash_search(governing_policies, &relation, HASH_FIND, nullptr)))
        governing->valid = false;
    if (hash_search(relatives, &relation, HASH_FIND, nullptr) != nullptr) {
        memset(governing_cache.free, 0, sizeof governing_cache.free);
        governing_cache.family_generation++;
    }
}

void ReleaseGoverningPolicies() {
    if (hash_get_num_entries(governing_policies) > most_cached || outdated > most_outdated)
        StartAfresh();
    while (replaced != nullptr) {
        KeptParts* next = replaced->next_replaced;
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
    GoverningPolicies* governing = Enter(relation);
    if (IsCurrent(governing))
        return governing;
    Forget(governing);
    MarkCurrent(governing);    // before reading: what changes meanwhile takes the mark away
    Fill(governing);
    governing->filled = true;
    return governing;
}

GoverningPolicies* ReadSchemaGoverningPolicies(Oid schema) {
    GoverningPolicies* governing = static_cast<GoverningPolicies*>(palloc0(sizeof(GoverningPolicies)));
    const char* name = get_namespace_name(schema);
    governing->context = CurrentMemoryContext;
    governing->known_kind = true;
    governing->relkind = relkind_schema;
    governing->schema = schema;
    namestrcpy(&governing->schema_name, name == nullptr ? "" : name);
    governing->own = schema == RequireInstallation()->schema;
    bool covered = (schema >= FirstNormalObjectId || schema == PG_PUBLIC_NAMESPACE) && !governing->own && !isAnyTempNamespace(schema);
    governing->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (covered && name != nullptr) {
        RequirePolicySentinel();
        ReadPolicies(&governing->members->policies, TargetKind::Schema, schema, name, "");
        ReadPolicies(&governing->members->policies, TargetKind::Database, MyDatabaseId, nullptr, nullptr);
    }
    governing->member_count = governing->members->policies.count > 0 ? 1 : 0;
    governing->free = governing->member_count == 0 && !governing->own;
    return governing;
}

GoverningPolicies* ReadDatabaseGoverningPolicies(Oid subject) {
    GoverningPolicies* governing = static_cast<GoverningPolicies*>(palloc0(sizeof(GoverningPolicies)));
    governing->context = CurrentMemoryContext;
    governing->known_kind = true;
    governing->relkind = relkind_database;
    PolicyList all = {};
    ReadAllPolicies(&all);
    const Policy* winner = AdminPolicy(&all, [subject](const Policy* policy) { return AimAt(policy, subject); });
    governing->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (winner != nullptr) {
        const_cast<Policy*>(winner)->commands |= MaskOf(Command::Admin);
        AppendNew(&governing->members->policies, const_cast<Policy*>(winner));
        governing->member_count = 1;
    }
    governing->free = governing->member_count == 0;
    return governing;
}

bool IsGoverned(Oid relation) {
    if (relation < FirstNormalObjectId)
        return HoldsSamples(relation);
    const GoverningPolicies* governing = FindGoverningPolicies(relation);
    return !governing->free && !governing->own;
}

}    // namespace warrant
