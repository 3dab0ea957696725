// Who is asking.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"

namespace warrant {

// The session user, or for a login of pg_warrant.pool_roles the role of SET ROLE, if there is one. In a process without a client (autovacuum,
// job workers) it is the user that the process first switched to, also for all that this user calls.
Oid CurrentSubject();

// Whether the subject is whom the server has switched to by itself in a process without a client: nobody called that user.
bool IsServersChoice(Oid subject);

// Whether the session user itself is one of pg_warrant.pool_roles: many share its login. Outside of a transaction it is what it was last.
bool IsPoolSession();

// As whom the server has authenticated the client that this process serves, a parallel worker its leader's; nullptr or empty when it has not. The
// queue knows it, above these rules: InstallReplication sets it to ClientIdentity of queue/origin.hpp.
inline const char* (*client_identity)();

// Where that client is: its address, "[local]" on a Unix-domain socket, empty in a process without one. Set beside client_identity.
inline const char* (*client_address)();

// Whether the role has been dropped while a session of it is open: it is a member of nothing, and what was given to it is over.
bool RoleIsGone(Oid role);

// A superuser while pg_warrant.enforce_superuser is off, or a member of warrant_exempt.
bool IsExempt(Oid subject);

// Whether the subject is exempt, and everybody else who acts (acting.hpp).
bool AreAllExempt();

// Who has to pass besides the subject: each user that acts once, the first one first.
struct Actors {
    static constexpr int most = 16;    // users beyond these have no name, and nobody without a name passes
    int count;
    bool by_server;    // the server has switched by itself: to whom the subject's own grants do not lead
    ActingUser users[most];
};

// Finds who has to pass besides the subject. leaves_out: so many of those who acted last are left out.
void FindActors(Actors* actors, Oid subject, int leaves_out = 0);

// The first actor for whom test(role) does not hold, kept in *found. False when there is none.
template <class Test>
bool FindActorWithout(ActingUser* found, Oid subject, Test test) {
    Actors actors;
    FindActors(&actors, subject);
    for (int i = 0; i < actors.count; i++)
        if (!OidIsValid(actors.users[i].user) || !test(actors.users[i].user)) {
            *found = actors.users[i];
            return true;
        }
    return false;
}

// Every role that the subject is a member of, the subject itself first, a superuser only by name. In the current memory context.
List* RolesOf(Oid subject);

}    // namespace warrant
