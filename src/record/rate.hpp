// What one subject can make the recorder do at will: so many entries a second, and a part of its time. Who is over it waits in his own session,
// which a cancel ends; nothing that is legitimate fails for it. What a grant allows, and decisions that are made, are not counted here.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Takes the subject's next turn, and waits for it: pg_warrant.refusal_rate of them a second and as many at once, two seconds at most. Then waits
// until the time that his actions have taken is paid for. Superusers do not wait.
void AwaitTurn(Oid subject);

// The entry is done, and nothing that he can go on sending: the turn was none.
void ReturnTurn(Oid subject);

// The same for an action that may take long: one at a time for each subject in this database, so that others' come between. Held until the turn
// is given back, or the (sub)transaction ends.
void TakeLongTurn(Oid subject);
void GiveLongTurnBack(Oid subject);

// The recorder's side: an action of the subject has taken so much of its processor. A fifth of the time is his, and 200 ms at once.
void ChargeTime(Oid subject, int64_t used_us);

// The processor time of this process.
int64_t ProcessorTime();

}    // namespace warrant
