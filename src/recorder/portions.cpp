#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "recorder/portions.hpp"

namespace warrant {

namespace {

constexpr char portion_action[] = "refuse_portion", refusal_action[] = "refuse";
constexpr char end_of_arguments[] = "]}";
constexpr int end_size = sizeof end_of_arguments - 1;

// What one refusal has said so far.
struct Said {
    Said* next;
    MemoryContext memory;
    EntryHeader* first;        // the portion that came first: whose it is, and of which statement
    int64 since;
    int expected;              // one behind the last that came
    int count;                 // less when one did not find room
    StringInfoData items;      // with commas between them
    bool done;                 // in the batch under way
};

Said* all_said = nullptr;

bool IsAction(const EntryHeader* entry, const char* action, uint32_t size) {
    EntryParts parts = PartsOf(entry);
    return entry->kind == EntryKind::Action && parts.action_size == size && memcmp(parts.action, action, size) == 0;
}

// The number that our own code has written behind the name, which is the arguments' first or second; -1: it is not there.
int NumberOf(const EntryHeader* entry, const char* name) {
    EntryParts parts = PartsOf(entry);
    char begin[64];
    strlcpy(begin, parts.arguments, parts.arguments_size + 1 < sizeof begin ? parts.arguments_size + 1 : sizeof begin);
    const char* place = strstr(begin, name);
    return place == nullptr ? -1 : atoi(place + strlen(name));
}

Said** FindSaid(const EntryHeader* entry) {
    Said** link = &all_said;
    while (*link != nullptr && ((*link)->first->fields.statement_id != entry->fields.statement_id || (*link)->first->origin.pid != entry->origin.pid))
        link = &(*link)->next;
    return link;
}

Said* NewSaid(const EntryHeader* entry) {
    MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "pg_warrant portions", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(memory);
    Said* said = static_cast<Said*>(palloc0(sizeof(Said)));
    said->memory = memory;
    said->first = static_cast<EntryHeader*>(palloc(entry->size));
    memcpy(said->first, entry, entry->size);
    said->since = SteadyNow();
    initStringInfo(&said->items);
    MemoryContextSwitchTo(caller);
    said->next = all_said;
    return all_said = said;
}

void Forget(Said** link) {
    Said* said = *link;
    *link = said->next;
    MemoryContextDelete(said->memory);
}

// An entry like this one, with other arguments.
EntryHeader* WithArguments(const EntryHeader* entry, const char* action, const char* arguments, uint32_t size) {
    EntryParts parts = PartsOf(entry);
    uint32_t action_size = strlen(action);
    EntryHeader* made = static_cast<EntryHeader*>(palloc(sizeof *made + action_size + size + parts.text_size));
    *made = *entry;
    made->size = sizeof *made + action_size + size + parts.text_size;
    made->policy_name_size = 0;
    made->action_size = action_size;
    made->arguments_size = size;
    char* bytes = reinterpret_cast<char*>(made + 1);
    memcpy(bytes, action, action_size);
    memcpy(bytes + action_size, arguments, size);
    memcpy(bytes + action_size + size, parts.text, parts.text_size);
    return made;
}

EntryHeader* RefusalOf(const Said* said) {
    StringInfoData arguments;
    initStringInfo(&arguments);
    appendStringInfo(&arguments, "{\"file\":false,\"items\":[%s]}", said->items.data);
    return WithArguments(said->first, refusal_action, arguments.data, uint32_t(arguments.len));
}

}    // namespace

bool IsPortion(const EntryHeader* entry) { return IsAction(entry, portion_action, sizeof portion_action - 1); }

bool HasPortions(const EntryHeader* entry) {
    return IsAction(entry, refusal_action, sizeof refusal_action - 1) && NumberOf(entry, "\"portions\":") > 0;
}

void KeepPortion(const EntryHeader* entry) {
    Said* said = *FindSaid(entry);
    said = said == nullptr ? NewSaid(entry) : said;
    int number = NumberOf(entry, "\"portion\":");
    if (number < said->expected)
        return;    // kept already, by a batch that failed
    said->expected = number + 1;
    EntryParts parts = PartsOf(entry);
    const char* begin = static_cast<const char*>(memchr(parts.arguments, '[', parts.arguments_size)) + 1;
    if (said->count++ > 0)
        appendStringInfoChar(&said->items, ',');
    appendBinaryStringInfo(&said->items, begin, int(parts.arguments + parts.arguments_size - end_size - begin));
    RememberNames(&entry->origin);
}

EntryHeader* JoinPortions(const EntryHeader* refusal, bool* complete) {
    Said* said = *FindSaid(refusal);
    EntryParts parts = PartsOf(refusal);
    *complete = said != nullptr && said->count == NumberOf(refusal, "\"portions\":");
    const char* rest = static_cast<const char*>(memchr(parts.arguments, ',', parts.arguments_size));    // behind "file"
    StringInfoData arguments;
    initStringInfo(&arguments);
    if (*complete)
        appendBinaryStringInfo(&arguments, parts.arguments, int(rest - parts.arguments));
    else
        appendStringInfoString(&arguments, "{\"file\":false");
    appendBinaryStringInfo(&arguments, rest, int(parts.arguments + parts.arguments_size - end_size - rest));
    if (said != nullptr) {
        appendBinaryStringInfo(&arguments, said->items.data, said->items.len);
        said->done = true;
    }
    appendStringInfoString(&arguments, end_of_arguments);
    return WithArguments(refusal, refusal_action, arguments.data, uint32_t(arguments.len));
}

void ForEachAbandoned(void (*do_refusal)(EntryHeader* refusal)) {
    if (likely(all_said == nullptr))
        return;
    // The session of an incomplete refusal says the rest within pg_warrant.audit_timeout, or never.
    int64 before = SteadyNow() - 2000 * int64(settings.audit_timeout_ms);
    for (Said* said = all_said; said != nullptr; said = said->next) {
        if (said->done || (said->since > before && !IsProcess(said->first->process, 0)))
            continue;
        do_refusal(RefusalOf(said));
        said->done = true;
    }
}

void EndPortions(bool committed) {
    for (Said** link = &all_said; *link != nullptr;) {
        if (committed && (*link)->done) {
            Forget(link);
        } else {
            (*link)->done = false;
            link = &(*link)->next;
        }
    }
}

void LogPortions() {
    while (all_said != nullptr) {
        EntryHeader* refusal = RefusalOf(all_said);
        EntryParts parts = PartsOf(refusal);
        LogRow(refusal, &parts, "The recorder has ended before it had all of this refusal.", false);
        Forget(&all_said);
    }
}

}    // namespace warrant
