#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "rules/commands.hpp"
#include "queue/log_line.hpp"
#include "queue/rate.hpp"
#include "queue/ring.hpp"
#include "recorder/repeats.hpp"
#include "recorder/seal.hpp"

namespace warrant {

namespace {

// A power of two. A refusal that finds its place taken is not counted.
constexpr int places = 64;
constexpr int64 counted_for_us = 1000000;
Repeated repeated[places];
bool counting = false;

Repeated* PlaceOf(const EntryHeader* refusal, const EntryParts* parts) {
    uint32_t mix = hash_bytes(reinterpret_cast<const unsigned char*>(parts->arguments), int(parts->arguments_size)) ^
                   hash_bytes(refusal->fields.digest, sizeof refusal->fields.digest) ^ uint32_t(refusal->origin.pid);
    return &repeated[mix & (places - 1)];
}

bool AreSame(const Repeated* known, const EntryHeader* refusal, const EntryParts* parts) {
    return memcmp(&known->origin, &refusal->origin, sizeof known->origin) == 0 &&
           memcmp(known->digest, refusal->fields.digest, sizeof known->digest) == 0 && known->event == refusal->fields.event &&
           memcmp(&known->relation_name, &refusal->fields.relation_name, sizeof known->relation_name) == 0 &&
           known->arguments_size == parts->arguments_size && memcmp(known->arguments, parts->arguments, parts->arguments_size) == 0;
}

void Free(Repeated* place) {
    MemoryContextDelete(place->memory);
    *place = Repeated{};
}

template <class Work>
void ForEach(Work work) {
    for (Repeated& place : repeated)
        if (place.memory != nullptr)
            work(&place);
}

}    // namespace

void BeginRepeats(bool may_count) { counting = may_count; }

void CountRepeatsOf(const EntryHeader* refusal) {
    EntryParts parts = PartsOf(refusal);
    Repeated* place = PlaceOf(refusal, &parts);
    if (!counting || !refusal->fields.has_digest || place->memory != nullptr)
        return;
    MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "pg_warrant repeated refusals", ALLOCSET_SMALL_SIZES);
    place->arguments = static_cast<char*>(MemoryContextAlloc(memory, parts.arguments_size));
    memcpy(place->arguments, parts.arguments, parts.arguments_size);
    place->arguments_size = parts.arguments_size;
    place->origin = refusal->origin;
    memcpy(place->digest, refusal->fields.digest, sizeof place->digest);
    place->event = refusal->fields.event;
    place->relation_name = refusal->fields.relation_name;
    place->until = SteadyNow() + counted_for_us;
    place->is_new = true;
    place->memory = memory;
}

Repeated* FindRepeated(const EntryHeader* refusal) {
    EntryParts parts = PartsOf(refusal);
    Repeated* place = PlaceOf(refusal, &parts);
    bool counts = counting && place->memory != nullptr && !place->sealed && SteadyNow() < place->until && AreSame(place, refusal, &parts);
    return counts ? place : nullptr;
}

bool CountAttempt(const EntryHeader* entry) {
    if (entry->fields.event != Event::IndirectAttempt)
        return false;
    Repeated* place = FindRepeated(entry);
    if (place == nullptr) {
        CountRepeatsOf(entry);
        return false;
    }
    if (place->rows == nullptr) {
        place->rows = static_cast<EntryHeader**>(MemoryContextAlloc(place->memory, sizeof(EntryHeader*)));
        place->rows[0] = static_cast<EntryHeader*>(MemoryContextAlloc(place->memory, entry->size));
        memcpy(place->rows[0], entry, entry->size);
        place->row_count = 1;
    }
    place->counted++;
    return true;
}

void CloseRepeats() {
    ForEach([](Repeated* place) { place->until = DT_NOBEGIN; });
}

void DropRepeats() { ForEach(Free); }

void SealRepeats(bool all) {
    int64 now = SteadyNow();
    ForEach([all, now](Repeated* place) {
        if (!all && now < place->until)
            return;
        Spent spent_before = SpentSoFar();
        for (int i = 0; i < place->row_count && place->counted > 0; i++) {
            place->rows[i]->fields.repeats = place->counted;
            SealEntry(place->rows[i], nullptr);
        }
        Charge(place->origin.session_user, spent_before);
        place->sealed = true;
    });
}

void LogRepeats() {
    ForEach([](Repeated* place) {
        for (int i = 0; i < place->row_count && place->counted > 0; i++) {
            EntryHeader* row = place->rows[i];
            EntryParts parts = PartsOf(row);
            row->fields.repeats = place->counted;
            LogRow(row, &parts, "The recorder has ended before it could write what it had counted.", false);
        }
        place->counted = 0;
    });
}

void EndRepeats(bool committed) {
    ForEach([committed](Repeated* place) {
        if (committed ? place->sealed : place->is_new)
            return Free(place);
        if (committed)
            place->committed = place->counted;
        else
            place->counted = place->committed;
        place->is_new = place->sealed = false;
    });
}

int64 RepeatsDue() {
    int64 due = DT_NOEND;
    ForEach([&due](const Repeated* place) {
        if (place->counted > 0 && place->until < due)
            due = place->until;
    });
    return due;
}

}    // namespace warrant
