#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "queue/guards.hpp"

namespace warrant {

bool guards_changed = false;

namespace {

// A role that policies name, or that holds live grants.
struct GuardedRole {
    Oid role;                     // hash key
    bool of_policies, granted;    // as the batch under way has read them last
    bool aimed_at;                // policies are about its members, and let nothing through by themselves
    bool noted;                   // grants of the role were made or ended since the guards were published
};

struct Guards {
    bool read;    // the guards were read and are not published yet
    uint64_t definitions;
    bool has_policies;
    bool grantees_known;
};

Guards guards;
bool grantee_noted = false;
HTAB* roles = nullptr;

GuardedRole* RoleEntry(Oid role) {
    if (roles == nullptr) {
        HASHCTL control = {};
        control.keysize = sizeof(Oid);
        control.entrysize = sizeof(GuardedRole);
        roles = hash_create("pg_warrant guarded roles", 128, &control, HASH_ELEM | HASH_BLOBS);
    }
    bool found;
    GuardedRole* entry = static_cast<GuardedRole*>(hash_search(roles, &role, HASH_ENTER, &found));
    if (!found)
        *entry = GuardedRole{role, false, false, false, false};
    return entry;
}

template <class Visit>
void ForEachRole(Visit visit) {
    if (roles == nullptr)
        return;
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, roles);
    while (GuardedRole* entry = static_cast<GuardedRole*>(hash_seq_search(&status)))
        visit(entry);
}

Oid FirstColumn(uint64 row) {
    bool is_null;
    return DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &is_null));
}

void ReadRolesOfPolicies() {
    static SPIPlanPtr plan = nullptr;
    Prepared(&plan,
             "SELECT p.approver_role FROM warrant.policies p WHERE p.target_kind <> '!' UNION SELECT unnest(p.except_roles) FROM warrant.policies p"
             " UNION SELECT unnest(p.definer_roles) FROM warrant.policies p"
             " UNION SELECT unnest(p.for_roles) FROM warrant.policies p WHERE p.effect = 'open' OR p.mode = 'monitor'",
             0, nullptr);
    ForEachRole([](GuardedRole* entry) { entry->of_policies = entry->aimed_at = false; });
    SPI_execute_plan(plan, nullptr, nullptr, false, 0);
    for (uint64 i = 0; i < SPI_processed; i++)
        RoleEntry(FirstColumn(i))->of_policies = true;
    if (get_attnum(RequireInstallation()->policies, "other_approver_roles") != InvalidAttrNumber) {    // which older scripts lack
        SPI_execute("SELECT DISTINCT unnest(p.other_approver_roles) FROM warrant.policies p", false, 0);
        for (uint64 i = 0; i < SPI_processed; i++)
            RoleEntry(FirstColumn(i))->of_policies = true;
    }
    if (get_attnum(RequireInstallation()->policies, "escalate_to") != InvalidAttrNumber) {
        SPI_execute("SELECT DISTINCT p.escalate_to FROM warrant.policies p WHERE p.escalate_to IS NOT NULL", false, 0);
        for (uint64 i = 0; i < SPI_processed; i++)
            RoleEntry(FirstColumn(i))->of_policies = true;
    }
    if (OidIsValid(get_relname_relid("delegations", RequireInstallation()->schema))) {
        SPI_execute("SELECT d.delegate FROM warrant.delegations d", false, 0);
        for (uint64 i = 0; i < SPI_processed; i++)
            RoleEntry(FirstColumn(i))->of_policies = true;
    }
    SPI_execute("SELECT DISTINCT unnest(p.for_roles) FROM warrant.policies p", false, 0);
    for (uint64 i = 0; i < SPI_processed; i++)
        RoleEntry(FirstColumn(i))->aimed_at = true;
    SPI_execute("SELECT FROM warrant.policies WHERE target_kind <> '!' AND effect <> 'open'", false, 1);
    guards.has_policies = SPI_processed > 0;
}

// Goes from one grantee to the next in the index, whatever the number of their grants.
void ReadGrantees() {
    static SPIPlanPtr plan = nullptr;
    Prepared(&plan,
             "WITH RECURSIVE found (role) AS ("
             " (SELECT s.grantee FROM warrant.grant_scopes s WHERE NOT s.closed AND s.grantee > '0' ORDER BY s.grantee LIMIT 1)"
             " UNION ALL SELECT (SELECT s.grantee FROM warrant.grant_scopes s WHERE NOT s.closed AND s.grantee > f.role ORDER BY s.grantee LIMIT 1)"
             " FROM found f WHERE f.role IS NOT NULL)"
             " SELECT f.role FROM found f WHERE f.role IS NOT NULL",
             0, nullptr);
    ForEachRole([](GuardedRole* entry) { entry->granted = false; });
    SPI_execute_plan(plan, nullptr, nullptr, false, 0);
    for (uint64 i = 0; i < SPI_processed; i++)
        RoleEntry(FirstColumn(i))->granted = true;
}

// Only grantees whose grants were made or ended are looked at again, because nobody but the recorder writes grants.
bool ReadNotedGrantees() {
    static SPIPlanPtr plan = nullptr;
    Oid type = OIDOID;
    Prepared(&plan, "SELECT FROM warrant.grant_scopes s WHERE s.grantee = $1 AND NOT s.closed", 1, &type);
    bool changed = false;
    ForEachRole([&changed](GuardedRole* entry) {
        if (!entry->noted)
            return;
        Datum value = ObjectIdGetDatum(entry->role);
        SPI_execute_plan(plan, &value, nullptr, false, 1);
        changed = changed || entry->granted != (SPI_processed > 0);
        entry->granted = SPI_processed > 0;
    });
    return changed;
}

int CountOf(const Database* database, Guarding what) { return what == Guarding::Membership ? database->guarded_count : database->guarded_wholly; }

bool Holds(const Database* database, const List* roles, Guarding what) {
    int count = CountOf(database, what);
    if (count > most_guarded_roles)
        return true;
    for (int i = 0; i < count; i++)
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

void NoteGrantee(Oid role) { RoleEntry(role)->noted = grantee_noted = true; }

void ForgetGuards() {
    guards.grantees_known = false;
    guards_changed = true;
}

void ReadGuards(const Database* database) {
    LWLockAcquire(database->lock, LW_SHARED);
    uint64_t definitions = database->definitions;    // before the snapshot: what commits meanwhile moves it again
    bool definitions_moved = guards_changed || IsOutdated(database);
    LWLockRelease(database->lock);
    if (!definitions_moved && !grantee_noted)
        return;
    guards.definitions = definitions;
    if (definitions_moved)
        ReadRolesOfPolicies();
    bool grantees_moved = true;
    if (!guards.grantees_known || settings.allow_restore)    // superusers write grants then, too
        ReadGrantees();
    else
        grantees_moved = grantee_noted && ReadNotedGrantees();
    guards.read = guards.read || definitions_moved || grantees_moved;
}

void PublishGuards(Database* database) {
    if (guards.read) {
        LWLockAcquire(database->lock, LW_EXCLUSIVE);
        int count = 0;
        for (int pass = 0; pass < 2; pass++) {
            bool wholly = pass == 0;
            ForEachRole([database, wholly, &count](const GuardedRole* entry) {
                bool is_wholly = entry->of_policies || entry->granted;
                if (is_wholly != wholly || !(wholly || entry->aimed_at))
                    return;
                if (count < most_guarded_roles)
                    database->guarded[count] = entry->role;
                count++;
            });
            (wholly ? database->guarded_wholly : database->guarded_count) = count;
        }
        database->has_policies = guards.has_policies;
        database->guards_of = guards.definitions;
        database->guards_known = true;
        LWLockRelease(database->lock);
        guards.grantees_known = true;
    }
    if (grantee_noted)
        ForEachRole([](GuardedRole* entry) { entry->noted = false; });
    guards.read = guards_changed = grantee_noted = false;
}

void NoteDefinitions(Database* database) {
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    database->definitions++;
    LWLockRelease(database->lock);
}

bool GuardsAreKnown() { return shared->looked_at_all && shared->slotless_count == 0 && !AnyDatabase(IsOutdated); }

bool AnyGate() {
    return shared->slotless_count > 0 || AnyDatabase([](const Database*) { return true; });
}

bool AllAreGuarded(Guarding what) {
    return AnyDatabase([what](const Database* database) { return CountOf(database, what) > most_guarded_roles; });
}

bool AreGuarded(const List* roles, Guarding what) {
    return AnyDatabase([roles, what](const Database* database) { return Holds(database, roles, what); });
}

bool HasPolicies(Oid oid) {
    return AnyDatabase([oid](const Database* database) { return database->oid == oid && (database->has_policies || !database->guards_known); });
}

}    // namespace warrant
