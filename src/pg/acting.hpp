// In whose name code runs. A SECURITY DEFINER function runs as its owner; and the server switches users by itself for what it calls in commands that
// maintain somebody's relation, below a foreign key's action, and in processes without a client. Everybody that it has switched to on the way to
// here stands in a stack, the latest last. What the session switches itself (SET ROLE) is its own choice and does not.
//
// The server tells of the start and the end of SECURITY DEFINER functions. Its own switches are noticed where code that it calls begins, by the
// current user and the security context, which says what stands around: an expression with functions, a planned or utility statement. For whom it
// fires a trigger that was queued before, queued.hpp tells.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

struct ActingUser {
    Oid user;       // InvalidOid: the server switched, and to whom was not noticed
    int context;    // the security context since
    bool by_server;
    bool passes;              // what runs is the session's own words, an extension's script or the gate's own function
    Oid function;             // the SECURITY DEFINER function that runs as the user; InvalidOid: not known
    const char* operation;    // what the server does; static memory
    int depth;                // how many functions that the server tells of were running
    LocalTransactionId transaction;
    bool fired;     // for whom a trigger fires that was queued while the user acted (queued.hpp): no security context tells of it
    bool chosen;    // of fired: the session had become the user by SET ROLE
};

extern ActingUser* acting_users;

// Whether the user may still act: without a security context only those for whom a trigger fires do.
inline bool IsLive(const ActingUser& acting) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    return acting.fired || context != 0;
}

// How many acted before the query that starts: whom the server switched to for that query alone came later.
inline int acting_before_start = 0;

// Notes who acts now, unless it is known. Without a security context only the session acts, and nobody stands around it.
void NoteSwitched(Oid user, int context);
inline void NoteActing() {
    // Static, because the check of a stack with locals whose address is given away takes a hook ten instructions.
    static Oid user;
    static int context;
    GetUserIdAndSecContext(&user, &context);
    if (context != 0)
        NoteSwitched(user, context);
}

// Notes who acts now, and tells how many act: 0 without a security context, unless a trigger fires for somebody.
int ActingNow();

// Whether the latest that came to the stack since it had this count is a foreign key's own action, and not code below it.
bool SwitchedForKey(int since);

// Whether the code that runs is a SECURITY DEFINER function's.
bool InsideDefiner();

// What a parallel worker is told by its leader, in shared memory: who acted when the operation began that it works for.
struct LeadersActing {
    static constexpr int most = 8;    // users beyond these have no name, and nobody without a name passes
    pid_t pid;                        // of the leader who wrote it
    int count;
    struct {
        Oid user;
        int context;
        Oid function;
        bool by_server;
        bool passes;
        bool fired;
    } users[most];
};

// Where the process of this index keeps what it tells its workers. Set once there is shared memory.
inline LeadersActing* (*place_for_workers)(int process);

// Tells who acts to the workers of an operation that begins now. Returns what to take up again when it is over; an error may leave that out.
int TellWorkers();
void TellWorkersAgain(int before);

// How many acting users the workers are told of now.
inline int told_workers = 0;

// A function that the server tells of starts: SECURITY DEFINER or not, the gate's own or not. May raise, and then it has not started.
void EnterFunction(Oid function, bool own);
void LeaveFunction();

// The function that has just started is a trigger's which fires for this user. The user stands around the function, whoever it runs as.
void EnterFired(ActingUser acting);

// The latest user for whom a trigger fires, and for whom test(role) does not hold; nullptr when there is none. What a SECURITY DEFINER function does
// that such a user calls is done by its owner's power.
template <class Test>
const ActingUser* FindFiredWithout(Test test) {
    for (int i = acting_count - 1; i >= 0 && (acting_users[i].passes || acting_users[i].by_server || acting_users[i].fired); i--)
        if (acting_users[i].fired && (!OidIsValid(acting_users[i].user) || !test(acting_users[i].user)))
            return &acting_users[i];
    return nullptr;
}

}    // namespace warrant
