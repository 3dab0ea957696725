#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/family.hpp"
#include "rules/governance.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"

namespace warrant {

GovernanceCache governance_cache = {.free = {}, .direct = {}, .family_generation = 1, .all_invalid = false, .release_wanted = false};

// What a relation's governance points to, in one piece: members, ancestors, and the places of the policies, which all relations share.
struct KeptParts {
    KeptParts* next_replaced;
    Decision* decisions;               // of one that was replaced
};

namespace {

constexpr long most_kept = 20000;    // relations; beyond it the backend starts afresh
constexpr int most_outdated = 1000;  // the same for policies that were changed

struct SharedPolicy {
    int64_t id;                      // hash key
    Policy* policy;
};

HTAB* governances = nullptr;
HTAB* policies;
MemoryContext kept;                  // parts, decisions and policies of all relations
MemoryContext reading;               // what reading them leaves behind
KeptParts* replaced = nullptr;       // to which a check under way may still have pointers
int outdated;                        // policies in kept that are none any more
HTAB* relatives = nullptr;    // every relation that is in the family of another
uint32_t invalidations = 0;   // how many messages came

void CreateTables() {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Governance);
    governances = hash_create("pg_warrant governance", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.entrysize = sizeof(Oid);
    relatives = hash_create("pg_warrant relatives", 128, &control, HASH_ELEM | HASH_BLOBS);
    control.keysize = sizeof(int64_t);
    control.entrysize = sizeof(SharedPolicy);
    policies = hash_create("pg_warrant policies", 128, &control, HASH_ELEM | HASH_BLOBS);
    if (kept == nullptr)
        kept = AllocSetContextCreate(TopMemoryContext, "pg_warrant relations", ALLOCSET_DEFAULT_SIZES);
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
List* ReadMembers(Governance* governance, List* family) {
    List* namesakes = NIL;
    governance->members = static_cast<Member*>(palloc0(list_length(family) * sizeof(Member)));
    ListCell* cell;
    foreach (cell, family) {
        Member* member = &governance->members[governance->member_count];
        *member = Member{};
        ReadMember(member, lfirst_oid(cell), Rows::Committed);
        namesakes = list_concat_unique_oid(namesakes, member->policies.namesakes);
        bool kept = member->policies.count > 0;
        for (int i = 0; i < governance->member_count && kept; i++)
            kept = !SamePolicies(&governance->members[i].policies, &member->policies);
        if (kept)
            governance->member_count++;
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

void RememberFamily(Governance* governance, List* family) {
    governance->has_family = list_length(family) > 1 || linitial_oid(family) != governance->relation;    // its table
    if (governance->has_family)
        RememberRelatives(family);
}

// They are no relatives, but their end matters as much.
void RememberNamesakes(Governance* governance, const List* namesakes) {
    if (namesakes == NIL)
        return;
    governance->has_family = true;
    RememberRelatives(namesakes);
}

// A check under way may still hold pointers into it.
void Forget(Governance* governance) {
    Oid relation = governance->relation;
    if (KeptParts* parts = governance->parts) {
        parts->decisions = governance->decisions;
        parts->next_replaced = replaced;
        replaced = parts;
        governance_cache.release_wanted = true;
    }
    memset(governance, 0, sizeof *governance);
    governance->relation = relation;
}

// The policy as all relations share it.
Policy* Share(const Policy* policy) {
    bool found;
    SharedPolicy* shared = static_cast<SharedPolicy*>(hash_search(policies, &policy->id, HASH_ENTER, &found));
    if (found && shared->policy != nullptr && IsSameVersion(shared->policy, policy))
        return shared->policy;
    if (found && shared->policy != nullptr)
        governance_cache.release_wanted = ++outdated > most_outdated || governance_cache.release_wanted;
    shared->policy = nullptr;    // should memory end here
    MemoryContext caller = MemoryContextSwitchTo(kept);
    shared->policy = CopyPolicy(policy);
    MemoryContextSwitchTo(caller);
    return shared->policy;
}

// Moves what was read to where it stays.
void Keep(Governance* governance) {
    Size of_members = governance->member_count * sizeof(Member), of_ancestors = governance->ancestor_count * sizeof(Oid);
    Size of_policies = 0;
    for (int i = 0; i < governance->member_count; i++)
        of_policies += governance->members[i].policies.count * sizeof(Policy*);
    KeptParts* parts = static_cast<KeptParts*>(MemoryContextAlloc(kept, sizeof(KeptParts) + of_members + of_policies + of_ancestors));
    *parts = KeptParts{};
    Member* members = reinterpret_cast<Member*>(parts + 1);
    Policy** place = reinterpret_cast<Policy**>(members + governance->member_count);
    for (int i = 0; i < governance->member_count; i++) {
        const PolicyList* read = &governance->members[i].policies;
        members[i].policies = PolicyList{read->count, read->count, place, NIL};
        for (int j = 0; j < read->count; j++)
            *place++ = Share(read->items[j]);
    }
    Oid* ancestors = reinterpret_cast<Oid*>(place);
    memcpy(ancestors, governance->ancestors, of_ancestors);
    governance->members = members;
    governance->ancestors = ancestors;
    governance->parts = parts;
    governance->context = kept;
}

void Fill(Governance* governance) {
    Oid relation = governance->relation;
    uint32_t before = invalidations;
    MemoryContextReset(reading);
    MemoryContext caller = MemoryContextSwitchTo(reading);
    governance->relkind = get_rel_relkind(relation);
    if (governance->relkind == RELKIND_TOASTVALUE)
        relation = OwnerOfToast(relation);
    governance->known_kind = OidIsValid(relation) && strchr("rpfvmS", get_rel_relkind(relation)) != nullptr;
    governance->schema = OidIsValid(relation) ? get_rel_namespace(relation) : InvalidOid;
    const char* name = OidIsValid(relation) ? get_rel_name(relation) : nullptr;
    const char* schema = get_namespace_name(governance->schema);
    namestrcpy(&governance->relation_name, name == nullptr ? "" : name);
    namestrcpy(&governance->schema_name, schema == nullptr ? "" : schema);
    governance->own = governance->schema == RequireInstallation()->schema;
    List* family = ReadFamily(relation, governance->relkind, &governance->ancestor_count);
    governance->ancestors = static_cast<Oid*>(palloc(governance->ancestor_count * sizeof(Oid)));
    for (int i = 0; i < governance->ancestor_count; i++)
        governance->ancestors[i] = list_nth_oid(family, i);
    RememberFamily(governance, family);
    if (!governance->own) {    // what is ours is read without policies, so that status() can tell that they are missing
        RequirePolicySentinel();
        RememberNamesakes(governance, ReadMembers(governance, family));
    }
    if (invalidations != before)    // perhaps of one that was no known relative yet
        governance->valid = false;
    governance->free = governance->member_count == 0 && governance->known_kind && !governance->own;
    if (governance->free) {    // keeps nothing: a backend may meet a hundred thousand tables
        governance->members = nullptr;
        governance->ancestors = nullptr;
        governance->ancestor_count = 0;
    } else {
        Keep(governance);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextReset(reading);
}

void MarkCurrent(Governance* governance) {
    governance->valid = true;
    governance->family_generation = governance_cache.family_generation;
}

void ApplyInvalidateAll() {
    governance_cache.all_invalid = false;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, governances);
    while (Governance* governance = static_cast<Governance*>(hash_seq_search(&status)))
        governance->valid = false;
}

void StartAfresh() {
    hash_destroy(governances);
    hash_destroy(relatives);
    hash_destroy(policies);
    memset(governance_cache.direct, 0, sizeof governance_cache.direct);
    memset(governance_cache.free, 0, sizeof governance_cache.free);
    MemoryContextReset(kept);
    replaced = nullptr;
    outdated = 0;
    CreateTables();
}

Governance* Enter(Oid relation) {
    bool found;
    Governance* governance = static_cast<Governance*>(hash_search(governances, &relation, HASH_ENTER, &found));
    if (!found)
        governance->parts = nullptr, governance->filled = false;
    governance_cache.release_wanted = governance_cache.release_wanted || hash_get_num_entries(governances) > most_kept;
    return governance_cache.direct[relation & (GovernanceCache::size - 1)] = governance;
}

}    // namespace

bool LookWhetherFree(Oid relation) {
    const Governance* governance = FindGovernance(relation);
    if (governance->free && !governance_cache.all_invalid && IsCurrent(governance))    // and nothing has changed while it was read
        governance_cache.free[relation & (GovernanceCache::size - 1)] = relation;
    return governance->free;
}

void InvalidateGovernance(Oid relation) {
    if (governances == nullptr)
        return;
    invalidations++;
    Oid* place = &governance_cache.free[relation & (GovernanceCache::size - 1)];
    if (*place == relation)
        *place = InvalidOid;
    const Installation* own = InstallationIsKnown() ? FindInstallation() : nullptr;
    bool rules_changed = !InstallationIsKnown() || (own != nullptr && (relation == own->policy_epoch || relation == own->policies));
    if (own != nullptr && (relation == own->grant_epoch || relation == own->grant_scopes))
        decision_generation++;
    if (!OidIsValid(relation) || rules_changed) {
        memset(governance_cache.free, 0, sizeof governance_cache.free);
        governance_cache.all_invalid = true;
        decision_generation++;
        return;
    }
    if (Governance* governance = static_cast<Governance*>(hash_search(governances, &relation, HASH_FIND, nullptr)))
        governance->valid = false;
    if (hash_search(relatives, &relation, HASH_FIND, nullptr) != nullptr) {
        memset(governance_cache.free, 0, sizeof governance_cache.free);
        governance_cache.family_generation++;
    }
}

void ReleaseGovernances() {
    if (hash_get_num_entries(governances) > most_kept || outdated > most_outdated)
        StartAfresh();
    while (replaced != nullptr) {
        KeptParts* next = replaced->next_replaced;
        if (replaced->decisions != nullptr)
            pfree(replaced->decisions);
        pfree(replaced);
        replaced = next;
    }
    governance_cache.release_wanted = false;
}

Governance* ReadGovernance(Oid relation) {
    if (governances == nullptr)
        CreateTables();
    if (governance_cache.all_invalid)
        ApplyInvalidateAll();
    Governance* governance = Enter(relation);
    if (IsCurrent(governance))
        return governance;
    Forget(governance);
    MarkCurrent(governance);    // before reading: what changes meanwhile takes the mark away
    Fill(governance);
    governance->filled = true;
    return governance;
}

Governance* ReadSchemaGovernance(Oid schema) {
    Governance* governance = static_cast<Governance*>(palloc0(sizeof(Governance)));
    const char* name = get_namespace_name(schema);
    governance->context = CurrentMemoryContext;
    governance->known_kind = true;
    governance->relkind = relkind_schema;
    governance->schema = schema;
    namestrcpy(&governance->schema_name, name == nullptr ? "" : name);
    governance->own = schema == RequireInstallation()->schema;
    bool covered = (schema >= FirstNormalObjectId || schema == PG_PUBLIC_NAMESPACE) && !governance->own && !isAnyTempNamespace(schema);
    governance->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (covered && name != nullptr) {
        RequirePolicySentinel();
        ReadPolicies(&governance->members->policies, TargetKind::Schema, schema, name, "");
        ReadPolicies(&governance->members->policies, TargetKind::Database, MyDatabaseId, nullptr, nullptr);
    }
    governance->member_count = governance->members->policies.count > 0 ? 1 : 0;
    governance->free = governance->member_count == 0 && !governance->own;
    return governance;
}

Governance* ReadDatabaseGovernance(Oid subject) {
    Governance* governance = static_cast<Governance*>(palloc0(sizeof(Governance)));
    governance->context = CurrentMemoryContext;
    governance->known_kind = true;
    governance->relkind = relkind_database;
    PolicyList all = {};
    ReadAllPolicies(&all);
    const Policy* governing = AdminPolicy(&all, [subject](const Policy* policy) { return AimAt(policy, subject); });
    governance->members = static_cast<Member*>(palloc0(sizeof(Member)));
    if (governing != nullptr) {
        const_cast<Policy*>(governing)->commands |= MaskOf(Command::Admin);
        AppendNew(&governance->members->policies, const_cast<Policy*>(governing));
        governance->member_count = 1;
    }
    governance->free = governance->member_count == 0;
    return governance;
}

bool IsGoverned(Oid relation) {
    if (relation < FirstNormalObjectId)
        return HoldsSamples(relation);
    const Governance* governance = FindGovernance(relation);
    return !governance->free && !governance->own;
}

}    // namespace warrant
