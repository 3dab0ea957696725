#include <ctime>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/wait.hpp"
#include "pg/words.hpp"
#include "queue/rate.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

constexpr int64_t second_us = 1000000;

int RateBucketOf(Oid subject) { return int(subject % rate_buckets); }    // OIDs are numbered in turn

void WaitUntil(uint64_t until) {    // until: in steady time
    for (long left; (left = MillisecondsUntil(int64(until))) > 0;) {
        WaitOnLatch(WaitsFor::Turn, left);
        CHECK_FOR_INTERRUPTS();
    }
}

int64_t Interval() { return second_us / settings.refusal_rate_per_s; }

uint64_t Later(uint64_t a, uint64_t b) { return a > b ? a : b; }

// A token bucket of one second's entries. A turn that cannot be waited for is not handed out: turns left behind by cancels do not add up.
bool NextTurn(Oid subject, uint64_t* turn) {
    constexpr int64_t longest_us = 2 * second_us, longest_alone_us = 20 * second_us;
    pg_atomic_uint64* next = &shared->next_turn[RateBucketOf(subject)];
    pg_atomic_uint64* last = &shared->last_turn[RateBucketOf(subject)];
    uint64_t mine = pg_atomic_read_u64(next);
    do {
        uint64_t now = uint64_t(SteadyNow());
        *turn = Later(mine, now - second_us);
        if (*turn > now + (pg_atomic_read_u64(last) <= now ? longest_alone_us : longest_us))
            return false;
    } while (!pg_atomic_compare_exchange_u64(next, &mine, *turn + Interval()));
    pg_atomic_write_u64(last, *turn);
    return true;
}

// The lock is held. Of subjects that do not fit only the number of refusals is known, in the last place.
void CountTurnedAway(Database* database, Oid subject) {
    int i = 0;
    while (i < turned_away_places - 1 && database->turned_away[i].times > 0 && database->turned_away[i].subject != subject)
        i++;
    database->turned_away[i].subject = i < turned_away_places - 1 ? subject : InvalidOid;
    database->turned_away[i].times++;
}

// Counts in the log of this database, or of all where this one has none.
void CountTurnedAway(Oid subject) {
    const Database* own = FindDatabase(MyDatabaseId);
    for (int i = 0; i < shared->database_count; i++) {
        Database* database = &shared->databases[i];
        if (own != nullptr && database != own)
            continue;
        LWLockAcquire(database->lock, LW_EXCLUSIVE);
        if (OidIsValid(database->oid))
            CountTurnedAway(database, subject);
        LWLockRelease(database->lock);
    }
}

// A lock that nobody else takes: SQL's advisory locks have other numbers in the last place.
void SetLongTurn(LOCKTAG* tag, Oid subject) {
    constexpr uint16 mine = 0x5752;
    SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, subject, 0, mine);
}

}    // namespace

bool AwaitTurn(Oid subject) {
    uint64_t turn;
    if (superuser_arg(subject))    // a superuser could stop the recorder altogether
        return true;
    bool taken = NextTurn(subject, &turn);
    if (taken)
        WaitUntil(turn);
    else
        CountTurnedAway(subject);
    return taken;
}

void RequireTurn(Oid subject) {
    if (!AwaitTurn(subject))
        ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                        errmsg("role \"%s\" asks for too much at once", Shown(GetUserNameFromId(subject, true))),
                        errdetail("\"pg_warrant.refusal_rate\" limits what it can have recorded a second."),
                        errhint("Try again in %d s.", SecondsUntilTurn(subject))));
}

int SecondsUntilTurn(Oid subject) {
    int64_t left = int64_t(pg_atomic_read_u64(&shared->next_turn[RateBucketOf(subject)])) - SteadyNow();
    return left <= second_us ? 1 : int((left + second_us - 1) / second_us);
}

void ReturnTurn(Oid subject) {
    if (!superuser_arg(subject))
        pg_atomic_fetch_sub_u64(&shared->next_turn[RateBucketOf(subject)], Interval());
}

void TakeLongTurn(Oid subject) {
    LOCKTAG tag;
    SetLongTurn(&tag, subject);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
    RequireTurn(subject);
}

void GiveLongTurnBack(Oid subject) {
    LOCKTAG tag;
    SetLongTurn(&tag, subject);
    (void)LockRelease(&tag, ExclusiveLock, false);
}

Spent SpentSoFar() {
    timespec time;
    bool known = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0;
    return Spent{known ? int64_t(time.tv_sec) * second_us + time.tv_nsec / 1000 : 0,
                 int64_t(pgWalUsage.wal_bytes) - int64_t(pgWalUsage.wal_fpi) * BLCKSZ};
}

void Charge(Oid subject, const Spent& before) {
    constexpr int64_t price = 5, longest_us = 3600 * second_us;
    Spent after = SpentSoFar();
    int64_t for_time = price * (after.time_us - before.time_us);
    int64_t for_bytes = Interval() * (after.bytes - before.bytes) / turn_bytes;
    int64_t owed = (for_time > for_bytes ? for_time : for_bytes) - Interval();
    if (owed <= 0)
        return;
    pg_atomic_uint64* next = &shared->next_turn[RateBucketOf(subject)];
    uint64_t mine = pg_atomic_read_u64(next), now, moved;
    do {
        now = uint64_t(SteadyNow());
        moved = Later(mine, now - second_us) + uint64_t(owed);
        moved = moved < now + longest_us ? moved : now + longest_us;
    } while (!pg_atomic_compare_exchange_u64(next, &mine, moved));
}

}    // namespace warrant
