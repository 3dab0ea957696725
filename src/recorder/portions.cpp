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

// A refusal, as far as its portions have come.
struct PortionedRefusal {
    PortionedRefusal* next;
    MemoryContext memory;
    EntryHeader* first;    // the portion that came first: whose it is, and of which statement
    int64 since;
    int expected;            // one behind the last that came
    int count;               // less when one did not find room
    StringInfoData items;    // with commas between them
    bool done;               // in the batch under way
};

PortionedRefusal* all_refusals = nullptr;

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

PortionedRefusal** FindRefusal(const EntryHeader* entry) {
    PortionedRefusal** link = &all_refusals;
    while (*link != nullptr && ((*link)->first->fields.statement_id != entry->fields.statement_id || (*link)->first->origin.pid != entry->origin.pid))
        link = &(*link)->next;
    return link;
}

PortionedRefusal* NewRefusal(const EntryHeader* entry) {
    MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "pg_warrant portions", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(memory);
    PortionedRefusal* portions = static_cast<PortionedRefusal*>(palloc0(sizeof(PortionedRefusal)));
    portions->memory = memory;
    portions->first = static_cast<EntryHeader*>(palloc(entry->size));
    memcpy(portions->first, entry, entry->size);
    portions->since = SteadyNow();
    initStringInfo(&portions->items);
    MemoryContextSwitchTo(caller);
    portions->next = all_refusals;
    return all_refusals = portions;
}

void Forget(PortionedRefusal** link) {
    PortionedRefusal* portions = *link;
    *link = portions->next;
    MemoryContextDelete(portions->memory);
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

EntryHeader* RefusalOf(const PortionedRefusal* portions) {
    StringInfoData arguments;
    initStringInfo(&arguments);
    appendStringInfo(&arguments, "{\"file\":false,\"items\":[%s]}", portions->items.data);
    return WithArguments(portions->first, refusal_action, arguments.data, uint32_t(arguments.len));
}

}    // namespace

bool IsPortion(const EntryHeader* entry) { return IsAction(entry, portion_action, sizeof portion_action - 1); }

bool HasPortions(const EntryHeader* entry) {
    return IsAction(entry, refusal_action, sizeof refusal_action - 1) && NumberOf(entry, "\"portions\":") > 0;
}

void KeepPortion(const EntryHeader* entry) {
    PortionedRefusal* portions = *FindRefusal(entry);
    portions = portions == nullptr ? NewRefusal(entry) : portions;
    int number = NumberOf(entry, "\"portion\":");
    if (number < portions->expected)
        return;    // kept already, by a batch that failed
    portions->expected = number + 1;
    EntryParts parts = PartsOf(entry);
    const char* begin = static_cast<const char*>(memchr(parts.arguments, '[', parts.arguments_size)) + 1;
    if (portions->count++ > 0)
        appendStringInfoChar(&portions->items, ',');
    appendBinaryStringInfo(&portions->items, begin, int(parts.arguments + parts.arguments_size - end_size - begin));
    RememberNames(&entry->origin);
}

EntryHeader* JoinPortions(const EntryHeader* refusal, bool* complete) {
    PortionedRefusal* portions = *FindRefusal(refusal);
    EntryParts parts = PartsOf(refusal);
    *complete = portions != nullptr && portions->count == NumberOf(refusal, "\"portions\":");
    const char* rest = static_cast<const char*>(memchr(parts.arguments, ',', parts.arguments_size));    // behind "file"
    StringInfoData arguments;
    initStringInfo(&arguments);
    if (*complete)
        appendBinaryStringInfo(&arguments, parts.arguments, int(rest - parts.arguments));
    else
        appendStringInfoString(&arguments, "{\"file\":false");
    appendBinaryStringInfo(&arguments, rest, int(parts.arguments + parts.arguments_size - end_size - rest));
    if (portions != nullptr) {
        appendBinaryStringInfo(&arguments, portions->items.data, portions->items.len);
        portions->done = true;
    }
    appendStringInfoString(&arguments, end_of_arguments);
    return WithArguments(refusal, refusal_action, arguments.data, uint32_t(arguments.len));
}

void ForEachAbandoned(void (*do_refusal)(EntryHeader* refusal)) {
    if (all_refusals == nullptr)
        return;
    // The session of an incomplete refusal sends the rest within pg_warrant.audit_timeout, or never.
    int64 before = SteadyNow() - 2000 * int64(settings.audit_timeout_ms);
    for (PortionedRefusal* portions = all_refusals; portions != nullptr; portions = portions->next) {
        if (portions->done || (portions->since > before && !IsProcess(portions->first->process, 0)))
            continue;
        do_refusal(RefusalOf(portions));
        portions->done = true;
    }
}

void EndPortions(bool committed) {
    for (PortionedRefusal** link = &all_refusals; *link != nullptr;) {
        if (committed && (*link)->done) {
            Forget(link);
        } else {
            (*link)->done = false;
            link = &(*link)->next;
        }
    }
}

void LogPortions() {
    while (all_refusals != nullptr) {
        EntryHeader* refusal = RefusalOf(all_refusals);
        EntryParts parts = PartsOf(refusal);
        LogRow(refusal, &parts, "The recorder has ended before it had all of this refusal.", false);
        Forget(&all_refusals);
    }
}

}    // namespace warrant
