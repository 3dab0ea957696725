#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/worker.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "recorder/careful.hpp"
#include "recorder/execute.hpp"
#include "recorder/items.hpp"
#include "recorder/process_item.hpp"
#include "recorder/seal.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// The third try of a batch takes each entry alone.
constexpr uint32_t careful_from = 3;

// A rejected entry is logged, because nobody would miss its row otherwise, nor hear of its action.
void LogRejected(const Item* item, const char* why) {
    const EntryHeader* entry = item->entry;
    EntryParts parts = PartsOf(entry);
    if (IsAction(item) ? !entry->waits || entry->stays : !item->folded)
        LogRow(entry, &parts, why);
    if (item->outcome == nullptr)
        return;
    EntryHeader outcome = *entry;
    outcome.fields = *item->outcome;
    LogRow(&outcome, &parts, why);
}

void Reject(Item* item, const char* why) {
    LogRejected(item, why);
    item->reply.failed = true;
    item->reply.is_null = true;
    item->reply.sqlstate = error_unavailable;
    strlcpy(item->reply.message, why, sizeof item->reply.message);
    ereport(LOG, (errmsg("the recorder rejects an entry of process %d", item->entry->origin.pid), errdetail("%s", why)));
}

// Runs work in a subtransaction. What it raises for a reason of its own is undone, and returned; nullptr when it has succeeded.
template <class Work>
const ErrorData* RunInSubtransaction(Work work) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    SealState before = self.working;
    ErrorData* volatile error = nullptr;
    BeginInternalSubTransaction("entry");
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        work();
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        if (IsTransient(geterrcode()))
            PG_RE_THROW();
        MemoryContextSwitchTo(context);
        error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        self.working = before;
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return error;
}

}    // namespace

bool IsCareful() { return self.database->failures >= careful_from; }

void ProcessCarefully(Item* item) {
    constexpr uint32_t most_deaths = 2;
    Database* database = self.database;
    database->suspect_deaths = database->suspect == item->end ? database->suspect_deaths + 1 : 0;
    database->suspect = item->end;
    if (database->suspect_deaths >= most_deaths) {
        int64_t action_id = 0;
        item->taken = TakeEntry(item->entry, &action_id);
        Reject(item, "the entry ended the recorder before");
        return;
    }
    if (const ErrorData* error = RunInSubtransaction([item] { ProcessItem(item); })) {
        Reject(item, error->message);
        ReplyWithError(&item->reply, error);
    }
}

void RunIsolated(const char* what, void (*work)()) {
    if (!IsCareful())
        return work();
    if (const ErrorData* error = RunInSubtransaction(work))
        ereport(LOG, (errmsg("the recorder leaves out %s", what), errdetail("%s", error->message)));
}

}    // namespace warrant
