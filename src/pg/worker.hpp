// What all our workers share: how they start, what they set for their process, how they wait.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Connects to a database as the bootstrap superuser (InvalidOid: to none, shared catalogues only), and pins every setting that the
// database's owner could have changed with ALTER DATABASE ... SET.
void BeginWorker(Oid database, const char* activity);

// How often this process has read the configuration; at least once.
extern int configuration_reads;

// Waits on the latch at most this long; then answers interrupts, barriers and configuration changes.
void Nap(long milliseconds);

// The plan of a statement, prepared when it is first asked for and kept for the life of the process. Needs SPI.
SPIPlanPtr Prepared(SPIPlanPtr* plan, const char* text, int parameter_count, Oid* types);

// Runs work in a transaction of its own with SPI connected. What it raises is logged, and false returned.
template <class Work>
bool InTransaction(const char* activity, Work work) {
    volatile bool done = false;
    pgstat_report_activity(STATE_RUNNING, activity);
    PG_TRY();
    {
        SetCurrentStatementStartTimestamp();
        StartTransactionCommand();
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
        EmitErrorReport();
        AbortCurrentTransaction();
        FlushErrorState();
        RESUME_INTERRUPTS();
    }
    PG_END_TRY();
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
