// What protects the gate itself inside this database.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Raises 42501 when the relation is one of ours, unless one of our definition functions, or our script, is what runs now. In every mode.
void CheckOwnRelation(Oid relation);

// Checks what a list of the server's privilege checks writes to as CheckOwnRelation does; the second one in the transaction that creates the
// extension, where there is no gate yet.
void CheckOwnTables(List* permissions);
void CheckNewOwnTables(List* permissions);

// Refuses what would change the named part of the extension, in one of its schemas. advice: what else the hint says, with a space before it.
[[noreturn]] void RefuseOwn(Oid schema, const char* name, const char* advice = "");

// Raises 42501 when the new or changed object comes into a schema of ours by somebody else. The gate would take it for its own: nobody could drop it,
// and a function would count as a definition function. Asked before the change is visible to the transaction itself.
void CheckComesIn(Oid class_id, Oid object);

// Raises 2BP01 when the relation that is dropped holds rows of the audit log, unless this transaction has said that it discards them. It is
// dropped with the extension, whatever drops that.
void CheckAuditStays(Oid relation);

// Lets this transaction drop the extension with its audit log. Returns the number of the log's last row.
uint64_t DiscardAuditLog();

// Whether code of a definition function of ours is running.
bool InsideDefinition();

// Whether a definition function of ours is running, and no other one has called it.
bool IsOutermostDefinition();

// Whether ALTER EXTENSION UPDATE runs the extension's own script, which is a file of the server.
bool IsUpdatingItself();

// Has the server tell us when a definition function starts and ends.
void InstallOwnTables();

}    // namespace warrant
