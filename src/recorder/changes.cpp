#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "recorder/changes.hpp"

namespace warrant {

namespace {

struct Target {
    Oid relation;    // hash key
    bool moved;      // something about it changed
    bool taken;      // the batch under way looks at it
};

struct Changes {
    bool listening;
    bool all_moved = true;    // whatever policies and profiles name
    bool all_taken;
    bool target_moved;
    HTAB* targets;                   // the relations that policies and profiles are about
    uint32_t targets_of;             // the policies that these are of
    uint32_t swept;                  // the policies that the sweep has seen
    uint32_t sweeping, swept_now;    // in the batch under way
};

Changes changes;

Target* FindTarget(Oid relation, HASHACTION action) { return static_cast<Target*>(hash_search(changes.targets, &relation, action, nullptr)); }

// No catalog access in callbacks: they only set flags.
void OnRelation(Datum, Oid relation) {
    if (!OidIsValid(relation)) {
        changes.all_moved = true;
        return;
    }
    Target* target = changes.targets == nullptr ? nullptr : FindTarget(relation, HASH_FIND);
    if (target != nullptr)
        target->moved = changes.target_moved = true;
}

void OnNames(Datum, CacheNumber, uint32) { changes.all_moved = true; }

void Listen() {
    if (!changes.listening) {
        CacheRegisterRelcacheCallback(OnRelation, Datum(0));
        CacheRegisterSyscacheCallback(AUTHOID, OnNames, Datum(0));
        CacheRegisterSyscacheCallback(NAMESPACEOID, OnNames, Datum(0));
    }
    changes.listening = true;
    (void)FindInstallation();    // whose policies are heard of
}

// Those that a query has found, in its first column.
void AddTargets() {
    for (uint64 i = 0; i < SPI_processed; i++) {
        bool is_null;
        Target* target = FindTarget(DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null)), HASH_ENTER);
        target->moved = target->taken = false;
    }
}

void ReadTargets() {
    if (changes.targets != nullptr)
        hash_destroy(changes.targets);
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Target);
    changes.targets = hash_create("pg_warrant targets", 128, &control, HASH_ELEM | HASH_BLOBS);
    static SPIPlanPtr of_policies = nullptr, of_profiles = nullptr;
    SPI_execute_plan(Prepared(&of_policies, "SELECT p.target FROM warrant.policies p WHERE p.target_kind = 't'", 0, nullptr), nullptr, nullptr, false,
                     0);
    AddTargets();
    if (!OidIsValid(get_relname_relid("profiles", RequireInstallation()->schema)))    // an older script has none
        return;
    SPI_execute_plan(Prepared(&of_profiles, "SELECT p.target FROM warrant.profiles p WHERE p.target_kind = 't'", 0, nullptr), nullptr, nullptr, false,
                     0);
    AddTargets();
}

template <class Visit>
void ForEachTarget(Visit visit) {
    if (changes.targets == nullptr)
        return;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, changes.targets);
    while (Target* target = static_cast<Target*>(hash_seq_search(&status)))
        visit(target);
}

}    // namespace

bool PoliciesMoved() {
    Listen();
    // The generation is read before the snapshot is taken.
    changes.sweeping = policy_generation;
    return changes.swept != changes.sweeping;
}

void NotePoliciesSwept() { changes.swept_now = changes.sweeping; }

ArrayType* RenamedTargets() {
    Listen();
    // The generation is read before the snapshot is taken.
    uint32_t policies = policy_generation;
    if (changes.targets == nullptr || changes.targets_of != policies) {
        changes.all_moved = true;
        ReadTargets();
        changes.targets_of = policies;
    }
    changes.all_taken = changes.all_moved;
    changes.all_moved = false;
    Datum* found = nullptr;
    int count = 0;
    if (changes.target_moved || changes.all_taken) {
        found = static_cast<Datum*>(palloc((hash_get_num_entries(changes.targets) + 1) * sizeof(Datum)));
        ForEachTarget([&](Target* target) {
            if (target->moved)
                found[count++] = ObjectIdGetDatum(target->relation);
            target->taken = target->moved;
            target->moved = false;
        });
    }
    changes.target_moved = false;
    return changes.all_taken ? nullptr : construct_array(found, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT);
}

void NoteNamesLeft() { changes.all_moved = true; }

void EndChanges(bool committed) {
    if (committed)
        changes.swept = changes.swept_now;
    else
        changes.all_moved = changes.all_moved || changes.all_taken;
    if (!committed && !changes.all_taken)
        ForEachTarget([](Target* target) {
            target->moved = target->moved || target->taken;
            changes.target_moved = changes.target_moved || target->moved;
        });
    changes.all_taken = false;
    changes.swept_now = changes.swept;
}

}    // namespace warrant
