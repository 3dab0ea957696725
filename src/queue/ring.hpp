// Putting entries into a database's ring, and waiting until the recorder has made them durable.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"
#include "queue/shared.hpp"

namespace warrant {

// Copies the entry into this database's ring and wakes the recorder; never waits, allocates or raises. Completes the header's sizes;
// for an entry that waits, sets its serial and this process's mailbox. With *promise, room for one outcome is kept until an entry is
// written with from_promise, as far as promises do not fill half of the ring: false afterwards when it is not. A subject may fill an eighth.
Enqueued Enqueue(EntryHeader* header, const EntryParts* parts, bool* promise, bool from_promise);

// What a wait for room does about cancels, and about locks that the recorder needs: answers them as WaitForReply does, or only stops waiting.
enum class WhileWaiting { Answer, Stop };

// Enqueues as Enqueue does, and while the ring is full waits for room, at most until the deadline; one of 0 becomes pg_warrant.audit_timeout
// after the first wait has begun. Not in abort.
Enqueued EnqueueInTime(EntryHeader* header, const EntryParts* parts, bool* promise, int64* deadline, WhileWaiting how);

// Enqueues a record that nobody waits for in the ring of every database that has the extension. The records of those that cannot take it go to
// the server's log, and so does the record where no database has the extension.
void EnqueueEverywhere(EntryHeader* header, const EntryParts* parts);

// Keeps room in the ring for one outcome; false when the ring has none.
bool TakePromise();

enum class Waited { Done, TimedOut, InDoubt, NotReplicated };

// Waits until the recorder answered the entry just written, at most until_ms milliseconds. Cancel and termination withdraw a queued entry and
// raise as usual; an entry that the recorder has taken cannot be withdrawn: InDoubt, with the action's number in the mailbox.
// Raises 55000 after 100 ms while this process holds a strong lock on a catalogue or on a table of ours.
// NotReplicated: the action is done here, and the reply is there, but no synchronous standby that the configuration asks for has it yet.
Waited WaitForReply(uint64_t serial, long until_ms, Reply* reply);

// Whether this transaction holds what the recorder may need (a strong lock on a catalogue, or on a table of ours), and would wait for. Reads the
// whole lock table: only before a wait that is long.
bool HoldsLockAgainstRecorder();

// Withdraws what this process last sent, which is no longer waited for. True if the recorder had not taken it yet.
bool Withdraw(uint64_t serial);

// --- the recorder's side ---

struct RingBatch {
    uint64_t from;     // the first entry's position
    uint64_t until;    // the tail when the batch was fixed
};

RingBatch FixBatch(Database* database);

// Copies the entry at a position into memory of the caller's context. Its end is position + core::Aligned(size).
EntryHeader* ReadEntry(const Database* database, uint64_t position);

// The pieces of an entry that was read.
EntryParts PartsOf(const EntryHeader* header);

// Frees the room of the entries up to a position, which are durable.
void AdvanceHead(Database* database, uint64_t position, const uint64_t* freed_by_subject);

// Takes a queued entry for execution under a number; false when its backend has given it up, unless it stays. An entry taken
// before, by a batch that failed or a recorder that died, keeps its number: its backend may have been told.
bool TakeEntry(const EntryHeader* header, int64_t* action_id);

// Queues a taken entry again: the batch has failed and is to be done again, and until then the entry's backend may withdraw it.
void ReturnEntry(const EntryHeader* header);

// Gives the waiting backend its reply, which is copied into the mailbox.
void AnswerEntry(const EntryHeader* header, const Reply* reply);

}    // namespace warrant
