#include <ctime>

#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "record/rate.hpp"
#include "record/shared.hpp"

namespace warrant {

namespace {

constexpr int64_t second_us = 1000000;

int RateBucketOf(Oid subject) { return int(subject % rate_buckets); }    // OIDs are numbered in turn

void WaitUntil(uint64_t until) {    // in steady time
    for (long left; (left = MillisecondsUntil(int64(until))) > 0;) {
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

// A token bucket of one second's entries.
uint64_t NextTurn(Oid subject) {
    pg_atomic_uint64* next = &shared->next_turn[RateBucketOf(subject)];
    constexpr int64_t longest_us = 2 * second_us;
    int64_t interval = second_us / settings.refusal_rate_per_s;
    uint64_t mine = pg_atomic_read_u64(next), now, turn;
    do {
        now = uint64_t(SteadyNow());
        turn = mine > now - second_us ? mine : now - second_us;
        turn = turn < now + longest_us ? turn : now + longest_us;    // turns left behind by cancels must not add up
    } while (!pg_atomic_compare_exchange_u64(next, &mine, turn + interval));
    return turn;
}

// Nobody else's: SQL's advisory locks have other numbers in the last place.
void SetLongTurn(LOCKTAG* tag, Oid subject) {
    constexpr uint16 mine = 0x5752;
    SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, subject, 0, mine);
}

}    // namespace

void AwaitTurn(Oid subject) {
    if (superuser_arg(subject))
        return;    // he could stop the recorder altogether
    if (!Mutant("refusal_rate"))
        WaitUntil(NextTurn(subject));
    if (!Mutant("time_budget"))
        WaitUntil(pg_atomic_read_u64(&shared->paid_at[RateBucketOf(subject)]));
}

void ReturnTurn(Oid subject) {
    if (!superuser_arg(subject))
        pg_atomic_fetch_sub_u64(&shared->next_turn[RateBucketOf(subject)], second_us / settings.refusal_rate_per_s);
}

void TakeLongTurn(Oid subject) {
    LOCKTAG tag;
    SetLongTurn(&tag, subject);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
    AwaitTurn(subject);
}

void GiveLongTurnBack(Oid subject) {
    LOCKTAG tag;
    SetLongTurn(&tag, subject);
    (void)LockRelease(&tag, ExclusiveLock, false);
}

void ChargeTime(Oid subject, int64_t used_us) {
    constexpr int64_t price = 5, credit_us = second_us, longest_us = 20 * second_us;
    pg_atomic_uint64* paid_at = &shared->paid_at[RateBucketOf(subject)];
    uint64_t before = pg_atomic_read_u64(paid_at), now, after;
    do {
        now = uint64_t(SteadyNow());
        after = (before > now - credit_us ? before : now - credit_us) + uint64_t(price * used_us);
        after = after < now + longest_us ? after : now + longest_us;
    } while (!pg_atomic_compare_exchange_u64(paid_at, &before, after));
}

int64_t ProcessorTime() {
    timespec time;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 ? int64_t(time.tv_sec) * second_us + time.tv_nsec / 1000 : 0;
}

}    // namespace warrant
