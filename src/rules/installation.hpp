// Where the extension's own objects are in this database, and whether they are.
#pragma once

#include "pg/server.hpp"

#include "pg/extension.hpp"
#include "rules/invalidation.hpp"

namespace warrant {

struct Installation {
    Oid schema;
    Oid internal_schema;    // InvalidOid under a script of before 0.5.0, which has all in the one schema
    Oid policies;
    Oid policies_by_target;
    Oid policies_by_name;
    Oid grant_scopes;
    Oid grant_scopes_by_grantee;    // and, but in the script of 0.3.0, by target
    Oid policy_epoch;
    Oid grant_epoch;
};

extern const Installation* known_installation;
extern bool installation_looked_for;    // a look-up has come to its end

// Whether FindInstallation answers without looking into the catalogue.
inline bool InstallationIsKnown() { return installation_looked_for && !installation_invalid; }

// Whether it is one of the indexes, which REINDEX CONCURRENTLY gives other OIDs.
inline bool IsKnownIndex(Oid relation) {
    return known_installation != nullptr && (relation == known_installation->policies_by_target || relation == known_installation->policies_by_name ||
                                             relation == known_installation->grant_scopes_by_grantee);
}

// The objects, or nullptr when the committed state of the database has no such extension. In a transaction that has dropped the extension, who is
// exempt gets nullptr, and everybody else objects without OIDs. Cached; the server's invalidation ends it.
// Raises 55000 when the extension is there but its tables cannot be found.
const Installation* LookForInstallation();
inline const Installation* FindInstallation() { return InstallationIsKnown() ? known_installation : LookForInstallation(); }

// The objects, where the extension was there a moment ago; raises 55000 when it has been dropped meanwhile, by this transaction or another, or is not
// committed yet.
const Installation* RequireInstallation();

// The current transaction has run the extension's script. Its tables and functions are its own from then on, although the gate, which reads
// nothing uncommitted, is not there yet: a dump may fill them in the same transaction.
extern bool extension_created_here;

// Whether the current transaction has created the extension, and has not rolled that back to a savepoint.
bool IsCreatedHere();

// The extension's schema with the tables, also while only the current transaction sees it; InvalidOid when it is not installed.
Oid OwnSchema();

// Whether it is one of the extension's schemas. False when it is not installed.
bool IsOwnSchema(Oid schema);

// Where the script that is installed has the functions that no user calls: SQL names them by it. Static memory.
const char* InternalSchema();

// For our workers, before a transaction looks at anything: what it then finds of the extension, no other transaction can drop before it ends. Waits,
// within lock_timeout, for one that is dropping it.
void HoldExtension();

// The extension that the worker's transaction has found and holds; InvalidOid for none.
Oid HeldExtension();

// Whether the relation is one of the extension's own. False when it is not installed.
bool IsOwnRelation(Oid relation);

}    // namespace warrant
