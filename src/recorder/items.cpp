#include "core/ring_layout.hpp"

#include "pg/server.hpp"

#include "queue/entry.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "recorder/items.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// A batch has no more entries, which bounds its transaction.
constexpr int most_entries = 1000;

bool SameAccess(const AuditFields* a, const AuditFields* b) {
    return a->statement_id == b->statement_id && a->relation == b->relation && a->command == b->command && a->grant_id == b->grant_id &&
           a->policy_id == b->policy_id;
}

}    // namespace

void ReadBatch() {
    self.batch = FixBatch(self.database);
    self.items = static_cast<Item*>(palloc(most_entries * sizeof(Item)));
    self.count = 0;
    uint64_t position = self.batch.from;
    while (position < self.batch.until && self.count < most_entries) {
        Item* item = &self.items[self.count++];
        *item = Item{};    // the few that are there: replies are long
        item->entry = ReadEntry(self.database, position);
        position += core::Aligned(item->entry->size);
        item->end = position;
    }
    self.batch.until = position;
}

// An outcome belongs to the nearest attempt of its statement.
void FoldOutcomes() {
    constexpr int farthest = 64;
    for (int i = 0; i < self.count; i++) {
        const EntryHeader* outcome = self.items[i].entry;
        if (outcome->kind != EntryKind::Audit || outcome->fields.event != Event::Outcome)
            continue;
        for (int j = i - 1; j >= 0 && j >= i - farthest; j--) {
            const EntryHeader* attempt = self.items[j].entry;
            if (attempt->kind != EntryKind::Audit || attempt->waits || self.items[j].end <= self.position ||
                attempt->fields.event == Event::Outcome || !SameAccess(&attempt->fields, &outcome->fields))
                continue;
            self.items[j].outcome = &outcome->fields;
            self.items[i].folded = true;
            break;
        }
    }
}

void AnswerWaiters() {
    uint64_t freed[subject_buckets] = {};
    for (int i = 0; i < self.count; i++) {
        const EntryHeader* entry = self.items[i].entry;
        freed[BucketOf(entry->origin.session_user)] += core::Aligned(entry->size);
        self.items[i].reply.position = self.flushed;
    }
    AdvanceHead(self.database, self.batch.until, freed);
    for (int i = 0; i < self.count; i++)
        AnswerEntry(self.items[i].entry, &self.items[i].reply);
}

void ReturnItems() {
    for (int i = 0; i < self.count; i++)
        ReturnEntry(self.items[i].entry);
}

}    // namespace warrant
