// What the whole server must know of a database with the extension: which roles its gate depends on, and whether it has policies. The
// recorder publishes it in shared memory, because role and database commands come from every database.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

// --- the recorder's side ---

// Definitions were changed: what depends on them is to be read again. In the recorder only.
extern bool guards_changed;

// The role's grants were made or ended, or may have been. In the recorder only.
void NoteGrantee(Oid role);

// Forgets what was read: it is of another installation, or nobody knows whose grants were made or ended.
void ForgetGuards();

// Reads the guards anew where definitions or grants have changed; in a transaction with SPI. Takes effect with PublishGuards, after the commit.
void ReadGuards(const Database* database);
void PublishGuards(Database* database);

// --- everybody's ---

// Definitions of this database may have been changed by the transaction that has just committed.
void NoteDefinitions(Database* database);

// Whether what is published is complete: of each database that has the extension, as its last commit left it.
bool GuardsAreKnown();

// Whether some database has the extension, as far as is known.
bool AnyGate();

// Whether policies of some database name one of the roles as approvers, exempt it, open something for it or only watch it, or it holds a live grant
// or somebody's vote; where it is about who its members are, whether policies are about it at all.
enum class Guarding { Wholly, Membership };
bool AreGuarded(const List* roles, Guarding what);

// Whether some database has more such roles than are published: nobody can tell them from others.
bool AllAreGuarded(Guarding what);

// Whether the database has policies, as far as is known.
bool HasPolicies(Oid database);

}    // namespace warrant
