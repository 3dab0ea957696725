// The work of our workers: each piece in a transaction of its own, tried again when it fails.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether what the worker works for has ended: what fails then is told nobody.
inline bool (*is_over)() = nullptr;
inline bool IsOver() { return is_over != nullptr && is_over(); }

// What each transaction of the worker does before it looks at anything.
inline void (*at_begin)() = nullptr;

// Lets the commit of the transaction wait for no disk: for what says nothing after a crash.
void CommitWithoutFlush();

// The plan of a statement, prepared when it is first asked for and kept for the life of the process. Needs SPI.
SPIPlanPtr Prepared(SPIPlanPtr* plan, const char* text, int parameter_count, Oid* types);

// Failures in a row of one kind of work: the first of a kind is told, and the end of them; each waits longer than the one before.
struct Retries {
    int count = 0;
    int sqlstate = 0;    // of the last failure
};

// A cause that passes by itself: a lock, memory, the disk. What fails for one is done again, not set aside.
bool IsTransient(int sqlstate);

// How long to wait before the next try: 100 ms, doubling to 5 s; 0 when the last one succeeded.
long RetryNap(const Retries* retries);

void NoteFailure(Retries* retries);    // in a catch block; logs the error
void NoteSuccess(Retries* retries, const char* activity);

// Runs work in a transaction of its own with SPI connected. What it raises is logged, and false returned. With retries, an error that was the
// last one too is not logged again.
template <class Work>
bool InTransaction(const char* activity, Work work, Retries* retries = nullptr) {
    volatile bool done = false;
    pgstat_report_activity(STATE_RUNNING, activity);
    PG_TRY();
    {
        SetCurrentStatementStartTimestamp();
        StartTransactionCommand();
        if (at_begin != nullptr)
            at_begin();
        SPI_connect();
        PushActiveSnapshot(GetTransactionSnapshot());
        work();
        SPI_finish();
        PopActiveSnapshot();
        CommitTransactionCommand();
        done = true;
    }
    PG_CATCH();
    {
        HOLD_INTERRUPTS();
        if (!IsOver()) {
            if (retries == nullptr)
                EmitErrorReport();
            else
                NoteFailure(retries);
        }
        // Not AbortCurrentTransaction, which ends only the subtransaction that the error came through: the next piece would begin inside it.
        AbortOutOfAnyTransaction();
        FlushErrorState();
        RESUME_INTERRUPTS();
    }
    PG_END_TRY();
    if (done && retries != nullptr)
        NoteSuccess(retries, activity);
    pgstat_report_stat(false);
    pgstat_report_activity(STATE_IDLE, nullptr);
    return done;
}

// Runs work in a subtransaction of the transaction under way. What it raises is logged, and false returned.
template <class Work>
bool InSubtransaction(const char* name, Work work) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    volatile bool done = false;
    BeginInternalSubTransaction(name);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        work();
        ReleaseCurrentSubTransaction();
        done = true;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        if (!IsOver())
            EmitErrorReport();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return done;
}

}    // namespace warrant
