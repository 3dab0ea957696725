// Commands that need a database without sessions: our workers step aside until they end.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The database that the command needs to itself, if it needs one and its caller may run it; InvalidOid otherwise.
Oid DatabaseToHold(Node* utility);

// The database that a CREATE DATABASE copies.
const char* TemplateOf(const CreatedbStmt* create);

// Waits at most 5 s until no worker of ours is there.
void HoldDatabase(Oid database);

// Raises nothing, because it is called after an error and at exit, too.
void ReleaseHeldDatabase(int code, Datum database);

// Releases the database when the command has succeeded, and frees the slot of a database that is gone.
void LeaveHeldDatabase(Oid database);

// A copy of a held database gets a recorder of its own once it is committed.
void NoteCreatedDatabase(Oid database);

// Runs body with the database of the command held.
template <class Body>
void WithDatabaseHeld(Node* utility, Body body) {
    Oid database = DatabaseToHold(utility);
    if (!OidIsValid(database)) {
        body();
        return;
    }
    HoldDatabase(database);
    PG_ENSURE_ERROR_CLEANUP(ReleaseHeldDatabase, ObjectIdGetDatum(database));
    {
        body();
        LeaveHeldDatabase(database);
    }
    PG_END_ENSURE_ERROR_CLEANUP(ReleaseHeldDatabase, ObjectIdGetDatum(database));
}

}    // namespace warrant
