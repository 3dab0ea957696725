#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/rate.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "recorder/execute.hpp"
#include "recorder/items.hpp"
#include "recorder/portions.hpp"
#include "recorder/process_item.hpp"
#include "recorder/refusals.hpp"
#include "recorder/repeats.hpp"
#include "recorder/seal.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// Answers an action again that was committed by an earlier recorder, which did not live to answer.
void AnswerAgain(Item* item) {
    if (IsAction(item) && item->taken)
        RecallReply(int64(pg_atomic_read_u64(&MailboxOf(item->entry->process)->action_id)), &item->reply);
}

// Whether the entry is one that a subject can go on sending. Decisions that are made, and uses that are spent, are none.
bool IsAtWill(const EntryHeader* entry, const Reply* reply) {
    EntryParts parts = PartsOf(entry);
    auto is = [&parts](const char* name) { return parts.action_size == strlen(name) && memcmp(parts.action, name, parts.action_size) == 0; };
    return !is("spend") && (reply->failed || is("refuse") || is("request") || is("extend") || is("amend") || is("cancel") || is("ask_result"));
}

// A refusal of many portions is done as one; it is not kept for refusals that come again.
void ProcessLargeRefusal(Item* item, int64_t action_id) {
    bool complete;
    EntryHeader* refusal = JoinPortions(item->entry, &complete);
    ExecuteAction(refusal, action_id, &item->reply);
    if (!complete)
        strlcpy(item->reply.answer, "the recorder was restarted meanwhile\nRun the statement again.", sizeof item->reply.answer);
}

// Logs a refusal that failed: what was refused stands somewhere, whatever has failed.
void LogFailedRefusal(const Item* item) {
    EntryParts parts = PartsOf(item->entry);
    if (item->reply.failed)
        LogRow(item->entry, &parts, item->reply.message);
}

// Does an action. A refusal's answer is kept for the next one like it; every other action may change such answers.
void ProcessAction(Item* item, int64_t action_id) {
    int64_t before = self.working.last_seq;
    self.acted = true;
    Spent spent_before = SpentSoFar();
    bool is_large = HasPortions(item->entry);
    if (is_large)
        ProcessLargeRefusal(item, action_id);
    else if (item->taken)
        ExecuteAction(item->entry, action_id, &item->reply);
    if (IsAtWill(item->entry, &item->reply))
        Charge(item->entry->origin.session_user, spent_before);
    if (IsRefusal(item->entry))
        LogFailedRefusal(item);
    if (is_large)
        CloseRepeats();
    else if (IsRefusal(item->entry))
        KeepRefusal(item->entry, &item->reply, before);
    else
        ForgetRefusals();
}

void SealRecord(const Item* item) {
    Spent spent_before = SpentSoFar();
    SealEntry(item->entry, item->outcome);
    Event event = item->entry->fields.event;
    if (event == Event::Refused || event == Event::IndirectAttempt)
        Charge(item->entry->origin.session_user, spent_before);
}

// True when a refusal that came again is written already: what SQL would have answered is known. The sweep ends requests that expire.
bool ProcessRepeated(Item* item) {
    if (!IsAction(item) || MonotonicNow() >= self.sweep_at || !IsKeptRefusal(item->entry))
        return false;
    int64_t no_action = 0;
    item->taken = TakeEntry(item->entry, &no_action);
    Spent spent_before = SpentSoFar();
    if (item->taken)
        RepeatRefusal(item->entry, &item->reply);
    Charge(item->entry->origin.session_user, spent_before);
    return true;
}

}    // namespace

void ProcessItem(Item* item) {
    const EntryHeader* entry = item->entry;
    bool committed = item->end <= self.position;
    if (IsPortion(entry)) {
        KeepPortion(entry);
        return;
    }
    if (!committed && ProcessRepeated(item))
        return;
    int64_t action_id = IsAction(item) && !committed ? NextActionId() : 0;
    item->taken = TakeEntry(entry, &action_id);
    if (committed)
        AnswerAgain(item);
    else if (IsAction(item))
        ProcessAction(item, action_id);
    else if (!item->folded && !CountAttempt(entry))
        SealRecord(item);
}

void ProcessAbandoned() {
    ForEachAbandoned([](EntryHeader* refusal) {
        Item item = {};
        item.entry = refusal;
        ExecuteAction(refusal, NextActionId(), &item.reply);
        LogFailedRefusal(&item);
    });
}

}    // namespace warrant
