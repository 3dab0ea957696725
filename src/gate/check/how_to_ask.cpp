#include "pg/server.hpp"

#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/governing_policies.hpp"
#include "rules/last_outcome.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "gate/check/how_to_ask.hpp"

namespace warrant {

namespace {

// Appends to the inside of an array's literal.
void AppendElement(StringInfo array, const char* element) {
    appendStringInfoString(array, array->len == 0 ? "" : ",");
    constexpr const char* of_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    bool plain = element[0] != '\0' && element[strspn(element, of_names)] == '\0' && pg_strcasecmp(element, "null") != 0;
    if (plain) {
        appendStringInfoString(array, element);
        return;
    }
    appendStringInfoChar(array, '"');
    for (; *element != '\0'; element++)
        appendStringInfo(array, "%s%c", *element == '"' || *element == '\\' ? "\\" : "", *element);
    appendStringInfoChar(array, '"');
}

const char* ArrayOf(const char* elements) { return quote_literal_cstr(psprintf("{%s}", elements)); }

const char* TableOf(const RefusedAccess* item) {
    return quote_qualified_identifier(NameStr(item->policies->schema_name), NameStr(item->policies->relation_name));
}

bool HaveSameColumns(const RefusedAccess* a, const RefusedAccess* b) {
    if (list_length(a->columns) != list_length(b->columns))
        return false;
    for (int i = 0; i < list_length(a->columns); i++)
        if (strcmp(static_cast<char*>(list_nth(a->columns, i)), static_cast<char*>(list_nth(b->columns, i))) != 0)
            return false;
    return true;
}

// What one call asks for: commands on a relation, on columns of it, on a schema or on this database.
struct Asked {
    RefusedAccess item;
    CommandMask commands;
};

// Whether a call that asks for the one can ask for the other as well: without columns it may name several tables.
bool AreAskedTogether(const Asked* a, const Asked* b) {
    bool tables = TargetKindOf(a->item.policies) == TargetKind::Table && TargetKindOf(b->item.policies) == TargetKind::Table;
    return tables && a->commands == b->commands && a->item.columns == NIL && b->item.columns == NIL;
}

const char* ColumnsOf(const RefusedAccess* item) {
    StringInfoData names;
    initStringInfo(&names);
    ListCell* cell;
    foreach (cell, item->columns)
        AppendElement(&names, static_cast<char*>(lfirst(cell)));
    return ArrayOf(names.data);
}

// Appends the call that asks for the first and those that go with it.
void AppendCall(StringInfo calls, const Asked* first, const RefusedAccess* tables, int count, const char* claims) {
    StringInfoData commands;
    initStringInfo(&commands);
    for (CommandMask rest = first->commands; rest != 0; rest &= rest - 1)
        AppendElement(&commands, NameOf(FirstOf(rest)));
    appendStringInfo(calls, "%sSELECT warrant.request('{%s}', ", calls->len == 0 ? "" : "\n", commands.data);
    TargetKind kind = TargetKindOf(first->item.policies);
    if (kind == TargetKind::Database)
        appendStringInfoString(calls, "on_database => true");
    else if (kind == TargetKind::Schema)
        appendStringInfo(calls, "on_schema => %s", quote_literal_cstr(NameOfTarget(&first->item)));
    else if (count > 1)
        appendStringInfo(calls, "on_tables => %s", TablesOf(tables, count));
    else
        appendStringInfo(calls, "on_table => %s", quote_literal_cstr(TableOf(&first->item)));
    if (first->item.columns != NIL)
        appendStringInfo(calls, ", columns => %s", ColumnsOf(&first->item));
    appendStringInfo(calls, "%s);", claims);
}

// The accesses to be asked for, those on the same columns of the same object together; returns how many.
int Gather(const RefusedAccess* asked, int count, Asked* gathered) {
    int places = 0;
    for (int i = 0; i < count; i++) {
        int place = 0;
        while (place < places &&
               !(gathered[place].item.access.relation == asked[i].access.relation && HaveSameColumns(&gathered[place].item, &asked[i])))
            place++;
        if (place == places)
            gathered[places++] = Asked{asked[i], 0};
        gathered[place].commands |= MaskOf(asked[i].access.command);
    }
    return places;
}

const char* CallsFor(const RefusedAccess* asked, int count) {
    const char* claims = ClaimsOf(asked, count);
    for (int i = 0; i < count; i++)
        if (asked[i].policy->exact && (commands_of_queries & MaskOf(asked[i].access.command)) == 0)
            return psprintf("Nobody can approve %s under policy \"%s\", which approves single statements alone. An administrator can alter it.",
                            NameOf(asked[i].access.command), Shown(asked[i].policy->name));
    for (int i = 0; i < count; i++)
        if (asked[i].policy->exact)
            return psprintf("Ask for exactly this statement: SELECT warrant.request_statement('...'%s);", claims);
    Asked* gathered = static_cast<Asked*>(palloc(count * sizeof(Asked)));
    RefusedAccess* tables = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    int places = Gather(asked, count, gathered);
    StringInfoData calls;
    initStringInfo(&calls);
    constexpr int most_calls = 5;
    int told = 0;
    for (int i = 0; i < places && told < most_calls; i++) {
        Asked first = gathered[i];
        int table_count = 0;
        for (int j = i; j < places && first.commands != 0; j++) {
            if (j > i && !AreAskedTogether(&first, &gathered[j]))
                continue;
            tables[table_count++] = gathered[j].item;
            gathered[j].commands = 0;    // it is in this call
        }
        if (table_count == 0)
            continue;
        AppendCall(&calls, &first, tables, table_count, claims);
        told++;
    }
    return psprintf("Ask for it:%s%s", strchr(calls.data, '\n') == nullptr ? " " : "\n", calls.data);
}

}    // namespace

const char* CallFor(const RefusedAccess* item, CommandMask commands, const char* claims) {
    StringInfoData call;
    initStringInfo(&call);
    Asked asked = {*item, commands};
    AppendCall(&call, &asked, item, 1, claims);
    return call.data;
}

const char* ClaimsOf(const RefusedAccess* asked, int count) {
    bool reason = false, ticket = false;
    for (int i = 0; i < count; i++) {
        reason = reason || asked[i].policy->require_reason;
        ticket = ticket || asked[i].policy->ticket_pattern != nullptr;
    }
    return psprintf("%s%s", reason ? ", reason => '...'" : "", ticket ? ", ticket => '...'" : "");
}

const char* WhyAskedByCall(const Policy* policy) {
    if (policy == nullptr || !policy->files_nothing)
        return nullptr;
    return psprintf("under policy \"%s\" a refused statement files none", Shown(policy->name));
}

int CountAskedByCall(const RefusedAccess* asked, int count) {
    int by_call = 0;
    for (int i = 0; i < count; i++)
        by_call += asked[i].policy != nullptr && asked[i].policy->files_nothing;
    return by_call;
}

const char* HowToAsk(const RefusedAccess* asked, int count) {
    RefusedAccess* left = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    StringInfoData words;
    initStringInfo(&words);
    int left_count = 0;
    int64 told = 0;
    for (int i = 0; i < count; i++) {
        if (asked[i].policy == nullptr || !asked[i].policy->files_nothing)
            continue;
        bool alike = !asked[i].policy->exact && asked[i].columns == NIL;
        int64 pending = alike ? FindPendingRequest(CurrentSubject(), asked[i].policies, asked[i].access.command) : 0;
        if (pending == 0)
            left[left_count++] = asked[i];
        else if (pending != told)
            appendStringInfo(&words, "%sRequest %lld asks for it already; CALL warrant.wait_for(%lld) waits for the decision.",
                             words.len == 0 ? "" : "\n", (long long)pending, (long long)pending);
        told = pending == 0 ? told : pending;
    }
    if (left_count > 0)
        appendStringInfo(&words, "%s%s", words.len == 0 ? "" : "\n", CallsFor(left, left_count));
    return words.data;
}

const char* TablesOf(const RefusedAccess* asked, int count) {
    StringInfoData names;
    initStringInfo(&names);
    constexpr int most_bytes = 60;
    for (int i = 0; i < count; i++) {
        const char* name = TableOf(&asked[i]);
        if (i > 0 && names.len + int(strlen(name)) > most_bytes) {
            appendStringInfoString(&names, ",...");
            break;
        }
        AppendElement(&names, name);
    }
    return ArrayOf(names.data);
}

}    // namespace warrant
