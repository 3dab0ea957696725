// Errors of a statement that reads protected rows and may not show them. A failing row, a key, a value that does not fit: the server's messages
// quote them, so that UPDATE ... SET status = card::date would read by its errors. Such an error says only that there was one, and notices are
// kept from the client. A plain INSERT or COPY FROM quotes others' rows by one error alone: that of an exclusion constraint shows the row
// that the new one may not stand beside. Of DDL only those of constraints are concealed: what a new unique index finds. COMMIT
// raises what waits for the end of the transaction: there no error of a constraint in such a transaction has a detail, and none of a function its
// words. What a function raises by RAISE is what its author chose to say, and is left alone but for its context.
#pragma once

#include "pg/server.hpp"

#include "pg/client_messages.hpp"
#include "pg/frame.hpp"

namespace warrant {

struct AccessList;

// In es_top_eflags, which the server passes on and looks at by its own bits: all errors of this query are concealed, or an exclusion constraint's
// alone.
constexpr int flag_concealed = 1 << 29;
constexpr int flag_exclusion_concealed = 1 << 28;
// In a frame, and not in es_top_eflags: the errors of constraints are concealed.
constexpr int flag_constraints_concealed = 1 << 27;

inline int ConcealedOf(const QueryDesc* query) { return query->estate->es_top_eflags & (flag_concealed | flag_exclusion_concealed); }
inline bool IsConcealed(const QueryDesc* query) { return ConcealedOf(query) != 0; }

// Which of the flags concerns a statement that writes to relations, or implies to read them, that the subject may not SELECT now; or 0.
int FlagConcealed(const List* permissions, List* implied_reads);

// Which of the flags concerned a statement of this transaction.
int ConcealedInTransaction();

// Listens for the errors that COMMIT raises.
void InstallConcealedErrors();

// Listens for the errors of a transaction with concealed ones. The server tells a hook only of what goes to its log, so all errors must go there;
// those that it would not log are taken out again.
void HearErrors();

// Whether there has been a transaction with concealed errors: its other statements may change what is logged.
extern bool may_hide_errors;

inline void KeepHearingErrors() {
    if (may_hide_errors)
        HearErrors();
}

// Keeps notices from the client where all errors are concealed, until the GUC nesting level that it returns ends, or its transaction fails.
int SilenceNotices(int flags);

// In the place of a notice that reaches the client all the same, because the statement has changed client_min_messages meanwhile.
[[noreturn]] void RaiseInsteadOfNotice(void*);

// Raises the current error again, in a catch block: without its words, which go to the server log, if the flags concern it.
[[noreturn]] void RaiseConcealed(MemoryContext caller, int flags);

template <class Body>
pg_noinline void ConcealingErrors(const QueryDesc* query, const Body& body) {
    MemoryContext caller = CurrentMemoryContext;
    int flags = ConcealedOf(query);
    int level = SilenceNotices(flags);
    PG_TRY();
    {
        if ((flags & flag_concealed) != 0)
            WithoutMessages(RaiseInsteadOfNotice, nullptr, body);
        else
            body();
    }
    PG_CATCH();
    { RaiseConcealed(caller, flags); }
    PG_END_TRY();
    AtEOXact_GUC(true, level);
}

template <class Body>
inline void Concealing(const QueryDesc* query, const Body& body) {
    if (IsConcealed(query))
        ConcealingErrors(query, body);
    else
        body();
}

// The flag of a utility statement that changes or maintains relations that the subject may not SELECT now, or 0.
int FlagChanged(const AccessList* list);

// Listens for the errors of a COMMIT inside a block or a procedure. Its language may catch them before they come to the server's log, as PL/Perl and
// PL/Tcl do. Nothing of ours stands between the COMMIT and the procedure, so an error is met where it collects its context.
struct CommitListener {
    ErrorContextCallback callback;
    MemoryContext memory;
};

void OnErrorInside(void* listener);

template <class Body>
void ConcealingCommits(const Body& body) {
    CommitListener listener = {{error_context_stack, OnErrorInside, &listener}, CurrentMemoryContext};
    error_context_stack = &listener.callback;
    body();
    error_context_stack = listener.callback.previous;
}

// Conceals errors of utility statements. COPY FROM gets its flags when its relation is known, and SET CONSTRAINTS checks what earlier statements have
// done. CALL and DO may COMMIT. Others have a flag from the start.
template <class Body>
void Concealing(const Frame* frame, const Body& body) {
    if (IsA(frame->utility, CallStmt) || IsA(frame->utility, DoStmt)) {
        ConcealingCommits(body);
        return;
    }
    if (!IsA(frame->utility, CopyStmt) && !IsA(frame->utility, ConstraintsSetStmt) && frame->concealed == 0) {
        body();
        return;
    }
    MemoryContext caller = CurrentMemoryContext;
    PG_TRY();
    { body(); }
    PG_CATCH();
    { RaiseConcealed(caller, IsA(frame->utility, ConstraintsSetStmt) ? ConcealedInTransaction() : frame->concealed); }
    PG_END_TRY();
}

}    // namespace warrant
