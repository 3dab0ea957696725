#include "pg/server.hpp"

#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "record/entry.hpp"
#include "record/guards.hpp"

namespace warrant {

bool guards_changed = false;

namespace {

struct Guards {
    bool read;              // and not yet published
    uint64_t definitions;
    bool has_policies;
    int count;
    Oid roles[most_guarded_roles];
};

Guards guards;

bool Holds(const Database* database, const List* roles) {
    if (database->guarded_count > most_guarded_roles)
        return true;
    for (int i = 0; i < database->guarded_count; i++)
        if (list_member_oid(roles, database->guarded[i]))
            return true;
    return false;
}

// Whether some slot in use passes the test, each under its lock.
template <class Test>
bool AnyDatabase(Test test) {
    bool found = false;
    for (int i = 0; i < shared->database_count && !found; i++) {
        const Database* database = &shared->databases[i];
        LWLockAcquire(database->lock, LW_SHARED);
        found = OidIsValid(database->oid) && test(database);
        LWLockRelease(database->lock);
    }
    return found;
}

bool IsOutdated(const Database* database) { return !database->guards_known || database->guards_of != database->definitions; }

}    // namespace

void ReadGuards(const Database* database) {
    LWLockAcquire(database->lock, LW_SHARED);
    guards.definitions = database->definitions;    // before the snapshot: what commits meanwhile moves it again
    bool wanted = guards_changed || IsOutdated(database);
    LWLockRelease(database->lock);
    if (!wanted)
        return;
    static SPIPlanPtr plan = nullptr;
    Prepared(&plan,
             "SELECT p.approver_role FROM warrant.policies p WHERE p.target_kind <> '!' UNION SELECT unnest(p.except_roles) FROM warrant.policies p"
             " UNION SELECT unnest(p.definer_roles) FROM warrant.policies p"
             " UNION SELECT unnest(p.for_roles) FROM warrant.policies p WHERE p.effect = 'open'"
             " UNION SELECT s.grantee FROM warrant.grant_scopes s WHERE NOT s.closed AND s.target_kind <> '!'",
             0, nullptr);
    SPI_execute_plan(plan, nullptr, nullptr, false, 0);
    guards.count = int(SPI_processed);
    for (int i = 0; i < guards.count && i < most_guarded_roles; i++) {
        bool is_null;
        guards.roles[i] = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
    }
    SPI_execute("SELECT FROM warrant.policies WHERE target_kind <> '!' AND effect <> 'open'", false, 1);
    guards.has_policies = SPI_processed > 0;
    guards.read = true;
}

void PublishGuards(Database* database) {
    if (!guards.read)
        return;
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    database->guarded_count = guards.count;
    memcpy(database->guarded, guards.roles, sizeof guards.roles);
    database->has_policies = guards.has_policies;
    database->guards_of = guards.definitions;
    database->guards_known = true;
    LWLockRelease(database->lock);
    guards.read = guards_changed = false;
}

void NoteDefinitions(Database* database) {
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    database->definitions++;
    LWLockRelease(database->lock);
}

bool GuardsAreKnown() { return shared->looked_at_all && shared->slotless_count == 0 && !AnyDatabase(IsOutdated); }

bool AreGuarded(const List* roles) {
    return AnyDatabase([roles](const Database* database) { return Holds(database, roles); });
}

bool HasPolicies(Oid oid) {
    return AnyDatabase([oid](const Database* database) { return database->oid == oid && (database->has_policies || !database->guards_known); });
}

}    // namespace warrant
