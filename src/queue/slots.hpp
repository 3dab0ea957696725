// Which database has which slot of the shared memory, which commands hold a database against our workers, and what the launcher is asked.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

// Claims the slot for this process as recorder, also one that a dead one has left behind; nullptr when there is none free, another
// recorder lives, or a command holds the database.
Database* ClaimDatabase(Oid oid);
void ReleaseDatabase(Database* database, bool for_good);

// Gives the database its slot before its recorder claims it, so that what happens meanwhile stands in its ring. False when it has one, or none is
// free.
bool ReserveDatabase(Oid database);

// The database does not have the extension: frees the slot that an earlier recorder may have left it, unless held.
void FreeSlot(Oid oid);

// A recorder found no slot: what its database depends on stays unknown until it has one, or is gone. False when that was known.
bool NoteSlotless(Oid oid);

// Whether the database finds no slot, so that another recorder for it would lead nowhere.
bool FindsNoSlot(Oid oid);

// Claims the courier's place in the slot of a database whose recorder has been there; nullptr when there is none, or another courier lives.
Database* ClaimCourier(Oid oid);
void ReleaseCourier(Database* database);

// Frees the slot of a database that is gone, and needs no recorder.
void FreeDatabase(Oid oid);
bool IsGone(Oid database);

// Holds a database for a command that needs it to itself, with a slot or without: no worker of ours comes any more, and those that are there
// leave. True when it has a slot.
bool BeginHold(Oid database);
void EndHold(Oid database);
bool IsHeld(Oid database);

// Enters this worker among those of the database, before it connects; false while a command holds the database, or when it is gone.
bool Visit(Oid database);

// Waits before a worker connects, longer each time, up to a minute: the server starts a worker that could not start again every second.
void AwaitStart(Oid database, uint32_t Database::*failures);

// Whether workers of ours are connected to the database, or about to be. They are woken, to leave.
bool WakeVisitors(Oid database);

// Asks the launcher to look whether the database has the extension now.
void AskLauncher(Oid database);

}    // namespace warrant
