// Errors of a statement that reads protected rows and may not show them. A failing row, a key, a value that does not fit: the server's messages
// quote them, so that UPDATE ... SET status = card::date would read by its errors. Such an error says only that there was one, and notices are
// kept from the client.
//
// Not met here: errors of constraints that COMMIT checks. What a function raises by RAISE is its owner's word, and is left alone.
#pragma once

#include "pg/server.hpp"

#include "pg/mutants.hpp"

namespace warrant {

// In es_top_eflags, which the server passes on and looks at by its own bits: the errors of this query are withheld.
constexpr int flag_withheld = 1 << 29;

inline bool IsWithheld(const QueryDesc* query) { return (query->estate->es_top_eflags & flag_withheld) != 0; }

// flag_withheld when a relation is among these implied reads that the subject may not SELECT now; otherwise 0.
int FlagWithheld(List* implied_reads);

// Until the GUC nesting level that it returns ends, or its transaction fails, the client hears of errors alone.
int SilenceNotices();

// Raises the current error again, in a catch block: without its words, which go to the server log.
[[noreturn]] void RaiseWithheld(MemoryContext caller);

template <class Body>
void Withholding(const QueryDesc* query, const Body& body) {
    if (likely(!IsWithheld(query))) {
        body();
        return;
    }
    MemoryContext caller = CurrentMemoryContext;
    int level = SilenceNotices();
    PG_TRY();
    {
        body();
    }
    PG_CATCH();
    {
        RaiseWithheld(caller);
    }
    PG_END_TRY();
    AtEOXact_GUC(true, level);
}

}    // namespace warrant
