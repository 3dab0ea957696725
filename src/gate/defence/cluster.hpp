// What protects the gate from every database of the server, those without the extension included: by settings and
// shared memory. Roles, settings and databases that the gate depends on are changed by superusers and members of pg_warrant.admin_roles
// only, in every mode. Each change is recorded in every database that has the extension.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "queue/entry.hpp"

namespace warrant {

// What a command would change of the gate's own. object: nullptr when it concerns the gate in nothing.
struct Guarded {
    // The first that it names, as the error tells it.
    const char* object;
    // Why that is guarded.
    const char* detail;
    Event event;
    // Whether only what the recorders publish can tell.
    bool needs_known;
};

// Whether it is a superuser or a member of pg_warrant.admin_roles.
bool IsGateAdministrator(Oid subject);

// Whether the subject is an administrator of the gate, and everybody else who acts: *other keeps who is not, InvalidOid for the subject.
bool AreAdministrators(ActingUser* other);

// Raises 42501 when the command changes what it may not, 55000 when that cannot be told yet. Returns what is to be recorded once the
// transaction commits, in the current memory context; no object when nothing is.
Guarded CheckCluster(Node* utility, bool top_level);
void NoteChange(const Guarded* guarded, Node* utility);

// Runs body, a utility statement, under these rules.
template <class Body>
void WithClusterGuarded(Node* utility, bool top_level, Body body) {
    Guarded guarded = CheckCluster(utility, top_level);
    body();
    if (guarded.object != nullptr)
        NoteChange(&guarded, utility);
}

// --- what the command changes of the gate's own: guarded_roles.cpp, guarded_settings.cpp, guarded_databases.cpp ---

Guarded GuardedRolesOf(Node* utility, bool top_level);
Guarded GuardedSettingsOf(Node* utility);
Guarded GuardedDatabasesOf(Node* utility);

// The name as SQL has it, whatever the session's quote_all_identifiers says: the audit calls one thing by one name.
const char* Quoted(const char* name);

// What the audit calls a command on roles: its kind and the names in it, nothing else of its text.
void DescribeRoles(StringInfo words, Node* utility);
void DescribeSettings(StringInfo words, Node* utility);
void DescribeDatabases(StringInfo words, Node* utility);

}    // namespace warrant
