// What one subject can make the recorder do at will: so many entries a second, so many bytes, and a part of its time. A subject that is over it waits
// in its own session, which a cancel ends; one that would wait too long is refused at once and counted. What a grant allows, and decisions that are
// made, are free.
#pragma once

#include "pg/server.hpp"

#include "queue/shared.hpp"

namespace warrant {

// Takes the subject's next turn, and waits for it: pg_warrant.refusal_rate of them a second and as many at once, in order, whatever the number of the
// subject's sessions. What the subject's actions took beyond their turns comes first. Waits two seconds at most, 20 where nobody else of the subject
// does; false when it would be longer: nothing is to be sent then, and the subject is counted among those turned away. Superusers do not wait.
bool AwaitTurn(Oid subject);

// Takes the subject's turn for a call, and raises 53400 when it would have to wait too long.
void RequireTurn(Oid subject);

// Seconds until the subject could have a turn, rounded up; at least one.
int SecondsUntilTurn(Oid subject);

// Gives the turn back: the entry was of a kind that the subject cannot send at will, so that it costs no turn.
void ReturnTurn(Oid subject);

// Takes the subject's turn, as RequireTurn, for an action that may take long: one at a time for each subject in this database, so that those of
// others come between. Held until the turn is given back, or the (sub)transaction ends.
void TakeLongTurn(Oid subject);
void GiveLongTurnBack(Oid subject);

// --- the recorder's side ---

// The processor time of this process, and what it has written so far, without what a checkpoint adds.
struct Spent {
    int64_t time_us;
    int64_t bytes;
};
Spent SpentSoFar();

// An entry of the subject has taken what was spent since. A turn pays for a fifth of its time, and for turn_bytes; what is over moves the subject's
// next turn.
constexpr int64_t turn_bytes = 4096;
void Charge(Oid subject, const Spent& before);

}    // namespace warrant
