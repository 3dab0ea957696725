// Shared memory between backends and recorders: a ring for each database, a mailbox for each process.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "queue/entry.hpp"

namespace warrant {

constexpr int subject_buckets = 64;
constexpr int rate_buckets = 4096;    // so many that subjects hardly share one
constexpr int most_guarded_roles = 8192;

// Attempts of one subject that were refused without a row each.
constexpr int turned_away_places = 16;
struct TurnedAwaySubject {
    Oid subject;
    uint32_t times;    // 0: the place is free
};

// One database that has the extension. Its ring's bytes stand elsewhere in the same segment.
struct Database {
    LWLock* lock;            // guards everything below but the ring's bytes between head and tail
    Oid oid;                 // InvalidOid: free
    int64_t reserved_at;     // when the slot was reserved for a recorder that has not come, in steady time
    pid_t recorder_pid;      // 0: none
    int recorder_process;    // index of its mailbox and latch
    bool ready;              // the recorder reads the ring
    bool dropped;            // a committed transaction has dropped the extension, and the recorder is about to leave (dropped.hpp)
    pid_t courier_pid;       // 0: none
    int courier_process;
    bool has_webhooks;                // the database needs a courier
    char courier_problem[512];        // why the courier's library cannot be loaded; empty: it can, or was not tried
    uint32_t start_failures;          // recorders in a row that did not come to their first batch
    uint32_t courier_failures;        // couriers in a row that did not come to their first claim
    uint32_t tries;                   // of the batch under way that have failed
    uint64_t ring_id;                 // tells this life of the ring from others
    uint64_t head, tail, promised;    // see core/ring_layout.hpp
    uint64_t subject_bytes[subject_buckets];
    uint32_t failures;           // of the batch at the ring's head, over the recorder's lives; 0 after a success
    uint64_t suspect;            // the entry that was taken alone last, by its end
    uint32_t suspect_deaths;     // how often the recorder did not come back from it
    bool definitions_changed;    // a transaction that left rows to seal has committed
    pg_atomic_uint64 lost;       // records that went to the server log instead
    TimestampTz last_sealed_at;
    uint64_t last_seq;
    uint64_t settings_noted;    // changes of the configuration that its log knows
    TurnedAwaySubject turned_away[turned_away_places];

    // What the whole server must know of this database (guards.hpp).
    uint64_t definitions;    // moves with each commit that may have changed them
    uint64_t guards_of;      // the definitions that the rest was read with
    bool guards_known;
    bool has_policies;
    int guarded_wholly;    // so many of them also by password and options; more than fit: all roles are
    int guarded_count;     // of the roles below; more than fit: all roles are
    Oid guarded[most_guarded_roles];
};

// Where a waiting backend finds its answer. The ticket is serial << 3 | state.
enum class TicketState : uint8_t { Free, Queued, Taken, Writing, Done, GivenUp };

constexpr int most_answer_bytes = 4096;    // a longer answer fails its action

struct Reply {
    bool failed;
    bool is_null;
    int32_t sqlstate;
    XLogRecPtr position;    // the end of the commit that made it durable here
    char answer[most_answer_bytes];
    char message[512];
    char detail[512];    // of a done action: what its caller is told, a NOTICE a line
    char hint[256];
};

struct Mailbox {
    pg_atomic_uint64 ticket;
    pg_atomic_uint64 action_id;    // known once the entry is taken
    pg_atomic_uint32 awaits;       // the process waits for a decision and wants to be woken
    Origin connection;             // of the client that this process serves, for its parallel workers; of another process when pid says so
    LeadersActing acting;          // who acts, for the parallel workers
    Oid visits;                    // of a worker of ours: its database, from before it connects; the shared lock guards both
    pid_t visitor;
    Reply reply;
};

// A recorder that found that it may not stay.
struct TurnedAway {
    Oid database;    // InvalidOid: none
    int64_t at;      // in steady time
};

// A command that needs a database to itself.
struct HeldDatabase {
    Oid database;
    bool turned_away;    // one of our workers, which is to come back
};

struct Shared {
    pg_atomic_uint64 next_serial;
    pg_atomic_uint64 next_number;
    pg_atomic_uint64 lost;       // records of databases without a slot that went to the server log
    pg_atomic_uint32 waiters;    // processes that wait for a decision
    pg_atomic_uint32 launcher_process_plus_1;
    pg_atomic_uint32 standby_mode;    // see replicated.hpp
    LWLock* lock;                     // guards which database has which slot, and what the launcher is asked
    int asked_count;
    Oid asked[64];    // databases to look at
    bool look_at_all;
    bool looked_at_all;    // each database that has the extension has its slot
    int slotless_count;
    Oid slotless[16];    // databases whose recorder found no slot; more than fit stay unknown
    int admitted_count;
    Oid admitted[16];              // copies that an administrator adopts (copies.hpp)
    TurnedAway turned_away[32];    // databases whose recorder was, the latest
    int hold_count;
    HeldDatabase holds[64];
    int gone_count;
    Oid gone[16];                                // databases dropped last: a recorder that was about to be started again must not be
    pg_atomic_uint64 next_turn[rate_buckets];    // when a subject's next entry may be sent (rate.hpp)
    pg_atomic_uint64 last_turn[rate_buckets];    // and the one that was handed out last
    int database_count;
    Database databases[FLEXIBLE_ARRAY_MEMBER];
};

extern Shared* shared;

// A number that was never given before and will not be again: of a statement, an action, a definition. It comes from no sequence, because whoever may
// write all data may set any sequence.
inline uint64_t NextNumber() { return pg_atomic_fetch_add_u64(&shared->next_number, 1); }

// Numbers are given behind those of rows that were sealed before: the clock, with which they begin, may have been set back while the server was down.
void NumberAfter(TimestampTz last_sealed_at);

constexpr uint64_t Ticket(uint64_t serial, TicketState state) { return serial << 3 | uint64_t(state); }
inline int BucketOf(Oid subject) { return int(subject % subject_buckets); }    // OIDs are numbered in turn

void RequestSharedMemory();    // shmem_request_hook's work
void CreateSharedMemory();     // shmem_startup_hook's work

// Frees the slot, and empties its ring. The shared lock is held.
void ResetDatabase(Database* database);

// Processes that have a mailbox, by their index.
int ProcessCount();

char* RingBytes(const Database* database);
uint64_t RingCapacity();
Mailbox* MailboxOf(int process);

// This database's slot, or nullptr. A claimed slot stays while its recorder restarts.
Database* FindDatabase(Oid oid);

// Whether the process of this index is the one of this pid still.
bool IsProcess(int process, pid_t pid);

// Whether the slot's recorder lives; one that ended without leaving its slot does not.
bool RecorderLives(const Database* database);
bool CourierLives(const Database* database);

void WakeRecorder(const Database* database);
void WakeCourier(const Database* database);
void WakeProcess(int process);
void WakeThoseWhoAwait();    // who waits for a decision

}    // namespace warrant
