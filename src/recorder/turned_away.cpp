#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "queue/entry.hpp"
#include "queue/shared.hpp"
#include "recorder/seal.hpp"
#include "recorder/turned_away.hpp"

namespace warrant {

namespace {

TurnedAwaySubject sealing[turned_away_places];    // in the batch under way
int64_t seal_at = 0;

void SealRow(const TurnedAwaySubject& away) {
    const char* comment = OidIsValid(away.subject) ? "over pg_warrant.refusal_rate: refused without rows of their own"
                                                   : "over pg_warrant.refusal_rate: refused without rows of their own, of several roles";
    uint32_t size = uint32_t(strlen(comment));
    EntryHeader* row = static_cast<EntryHeader*>(palloc(sizeof(EntryHeader) + size));
    *row = EntryHeader{};
    row->arguments_size = size;
    memcpy(row + 1, comment, size);
    row->fields.event = Event::Refused;
    row->fields.occurred_at = GetCurrentTimestamp();
    row->fields.repeats = int32_t(away.times);
    row->origin.session_user = away.subject;
    SealEntry(row, nullptr);
    pfree(row);
}

}    // namespace

void SealTurnedAway(Database* database) {
    constexpr int64_t every_us = 5 * 1000000;
    memset(sealing, 0, sizeof sealing);
    if (database->turned_away[0].times == 0 || SteadyNow() < seal_at)
        return;
    LWLockAcquire(database->lock, LW_SHARED);
    memcpy(sealing, database->turned_away, sizeof sealing);
    LWLockRelease(database->lock);
    for (const TurnedAwaySubject& away : sealing)
        if (away.times > 0)
            SealRow(away);
    seal_at = SteadyNow() + every_us;
}

void EndTurnedAway(Database* database, bool committed) {
    if (sealing[0].times == 0)
        return;
    LWLockAcquire(database->lock, LW_EXCLUSIVE);
    int kept = 0;
    for (int i = 0; i < turned_away_places; i++) {
        TurnedAwaySubject left = database->turned_away[i];
        left.times -= committed ? sealing[i].times : 0;
        database->turned_away[i] = TurnedAwaySubject{InvalidOid, 0};
        if (left.times > 0)
            database->turned_away[i < turned_away_places - 1 ? kept++ : i] = left;
    }
    LWLockRelease(database->lock);
    seal_at = committed ? seal_at : 0;
    memset(sealing, 0, sizeof sealing);
}

}    // namespace warrant
