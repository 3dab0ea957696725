// What people read of a request: words that somebody else chose, commands and lengths of time, each in one short line.
#include <algorithm>

#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"

namespace warrant {

namespace {

// The most dangerous first.
const Command by_danger[] = {Command::Admin,  Command::DeleteAll, Command::UpdateAll, Command::Delete, Command::Truncate,
                             Command::Drop,   Command::Alter,     Command::Grant,     Command::Update, Command::Insert,
                             Command::Export, Command::Create,    Command::Maintain,  Command::Lock,   Command::Select};
static_assert(lengthof(by_danger) == command_count);

// Of two different masks the one with the more dangerous command has the greater number.
CommandMask DangerOf(CommandMask commands) {
    CommandMask danger = 0;
    for (Command command : by_danger)
        danger = danger << 1 | ((commands & MaskOf(command)) != 0);
    return danger;
}

void AppendWord(StringInfo words, const char* word) { appendStringInfo(words, words->len > 0 ? ", %s" : "%s", word); }

// The commands, with the groups that are whole among them by the groups' names.
char* CommandsInWords(CommandMask commands) {
    StringInfoData words;
    initStringInfo(&words);
    static const char* const groups[] = {"ALL", "DDL", "WRITE"};
    for (const char* group : groups) {
        CommandMask members = ParseCommand(group);
        if ((members & ~commands) != 0)
            continue;
        AppendWord(&words, group);
        commands &= ~members;
    }
    for (; commands != 0; commands &= commands - 1)
        AppendWord(&words, NameOf(FirstOf(commands)));
    return words.data;
}

// One of warrant_internal.item, and the commands of all of the same target: each policy of a schema has one.
struct WantedItem {
    HeapTupleHeader item;
    char kind;
    Oid target;
    CommandMask commands;
    int place;
    const char* columns;    // in parentheses, with a blank before them; empty for the whole relation
};

Datum ColumnOf(HeapTupleHeader item, const char* name) {
    bool null;
    return GetAttributeByName(item, name, &null);
}

const char* ColumnsOf(HeapTupleHeader item, Oid relation) {
    bool whole;
    Datum columns = GetAttributeByName(item, "columns", &whole);
    if (whole)
        return "";
    Datum* numbers;
    int count;
    deconstruct_array(DatumGetArrayTypeP(columns), INT2OID, sizeof(int16), true, TYPALIGN_SHORT, &numbers, nullptr, &count);
    StringInfoData words;
    initStringInfo(&words);
    for (int i = 0; i < count; i++) {
        HeapTuple column = SearchSysCacheAttNum(relation, DatumGetInt16(numbers[i]));
        AppendWord(&words, HeapTupleIsValid(column) ? quote_identifier(NameStr(Form_pg_attribute(GETSTRUCT(column))->attname)) : "a dropped column");
        if (HeapTupleIsValid(column))
            ReleaseSysCache(column);
    }
    return psprintf(" (%s)", words.data);
}

const char* TargetOf(HeapTupleHeader item, char kind) {
    const char *schema = NameStr(*DatumGetName(ColumnOf(item, "schema_name"))), *relation = NameStr(*DatumGetName(ColumnOf(item, "relation_name")));
    return kind == 't'   ? quote_qualified_identifier(schema, relation)
           : kind == 's' ? psprintf("schema %s", quote_identifier(schema))
                         : "this database";
}

// The most dangerous first, each as it came.
int CompareWanted(const void* one, const void* two) {
    const WantedItem *a = static_cast<const WantedItem*>(one), *b = static_cast<const WantedItem*>(two);
    CommandMask left = DangerOf(a->commands), right = DangerOf(b->commands);
    return left != right ? (left > right ? -1 : 1) : a->place - b->place;
}

int CompareTargets(const void* one, const void* two) {
    const WantedItem *a = static_cast<const WantedItem*>(one), *b = static_cast<const WantedItem*>(two);
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    int order = strcmp(a->columns, b->columns);
    return order != 0 ? order : a->place - b->place;
}

// Answers how many are left.
int JoinSameTargets(WantedItem* items, int count) {
    qsort(items, count, sizeof(WantedItem), CompareTargets);
    int left = 0;
    for (int i = 0; i < count; i++) {
        if (left > 0 && items[left - 1].kind == items[i].kind && items[left - 1].target == items[i].target &&
            strcmp(items[left - 1].columns, items[i].columns) == 0)
            items[left - 1].commands |= items[i].commands;
        else
            items[left++] = items[i];
    }
    return left;
}

WantedItem* ReadItems(ArrayType* array, int* count) {
    Datum* elements;
    deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &elements, nullptr, count);
    WantedItem* items = static_cast<WantedItem*>(palloc((*count + 1) * sizeof(WantedItem)));
    for (int i = 0; i < *count; i++) {
        HeapTupleHeader item = DatumGetHeapTupleHeader(elements[i]);
        Oid target = DatumGetObjectId(ColumnOf(item, "target"));
        items[i] = WantedItem{item,   DatumGetChar(ColumnOf(item, "target_kind")),
                              target, ParseCommands(DatumGetArrayTypeP(ColumnOf(item, "commands"))),
                              i,      ColumnsOf(item, target)};
    }
    *count = JoinSameTargets(items, *count);
    qsort(items, *count, sizeof(WantedItem), CompareWanted);
    return items;
}

// How many items there are besides those named: with their commands, unless those are the ones that have been read. The last of many different sets
// of commands are one.
void AppendOthers(StringInfo words, const WantedItem* items, int named, int count) {
    constexpr int most_sets = 4;
    if (items[0].commands == items[count - 1].commands) {
        appendStringInfo(words, " and %d more", count - named);
        return;
    }
    for (int next = named, sets = 1; next < count; sets++) {
        int first = next;
        CommandMask commands = 0;
        for (; next < count && (sets == most_sets || items[next].commands == items[first].commands); next++)
            commands |= items[next].commands;
        appendStringInfo(words, "%s%s on %d more", sets == 1 ? " and " : ", ", CommandsInWords(commands), next - first);
    }
}

const int* IntegersOf(ArrayType* array, int* count) {
    Datum* elements;
    deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elements, nullptr, count);
    int* integers = static_cast<int*>(palloc((*count + 1) * sizeof(int)));
    for (int i = 0; i < *count; i++)
        integers[i] = DatumGetInt32(elements[i]);
    return integers;
}

}    // namespace

// scope_in_words(items warrant_internal.item[]) -> text: the most dangerous of them, and how many there are besides. A command is never left out.
WARRANT_FUNCTION(warrant_scope_in_words) {
    constexpr int most = 3, most_characters = 200;
    int count = 0;
    const WantedItem* items = ReadItems(PG_GETARG_ARRAYTYPE_P(0), &count);
    int named = count < most ? count : most;
    StringInfoData words;
    initStringInfo(&words);
    for (int i = 0; i < named; i++) {
        const char* target = psprintf("%s%s", TargetOf(items[i].item, items[i].kind), items[i].columns);
        appendStringInfo(&words, "%s%s on %s", i == 0 ? "" : ", ", CommandsInWords(items[i].commands),
                         InOneLine(target, int(strlen(target)), most_characters / named));
    }
    if (count > named)
        AppendOthers(&words, items, named, count);
    PG_RETURN_TEXT_P(cstring_to_text_with_len(words.data, words.len));
}

// danger_of(commands text[]) -> integer: the greater, the more dangerous; the same only for the same commands.
WARRANT_FUNCTION(warrant_danger_of) { PG_RETURN_INT32(int32(DangerOf(ParseCommands(PG_GETARG_ARRAYTYPE_P(0))))); }

// in_one_line(words text, most integer) -> text: what somebody else wrote, cut to that many characters, without line breaks and marks of direction.
WARRANT_FUNCTION(warrant_in_one_line) {
    const text* words = PG_GETARG_TEXT_PP(0);
    PG_RETURN_TEXT_P(cstring_to_text(InOneLine(VARDATA_ANY(words), int(VARSIZE_ANY_EXHDR(words)), PG_GETARG_INT32(1))));
}

// as_written(words text) -> text: what runs exactly as it is shown, with escapes for what does not show.
WARRANT_FUNCTION(warrant_as_written) {
    const text* words = PG_GETARG_TEXT_PP(0);
    PG_RETURN_TEXT_P(cstring_to_text(AsWritten(VARDATA_ANY(words), int(VARSIZE_ANY_EXHDR(words)))));
}

// widths_within(room integer, wanted integer[], narrowest integer[]) -> integer[]: the widths of a row's columns, which have this room together. One
// that wants little gets it; those that want more get the same, but no less than their narrowest, unless all have to.
WARRANT_FUNCTION(warrant_widths_within) {
    int room = PG_GETARG_INT32(0), count = 0, of_least = 0;
    const int *wanted = IntegersOf(PG_GETARG_ARRAYTYPE_P(1), &count), *least = IntegersOf(PG_GETARG_ARRAYTYPE_P(2), &of_least);
    if (count != of_least)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("columns without their narrowest widths")));
    Datum* widths = static_cast<Datum*>(palloc(count * sizeof(Datum)));
    for (bool keeps_least : {true, false})
        for (int level = room; level >= 0; level--) {
            int used = 0;
            for (int i = 0; i < count; i++) {
                int width = std::min(wanted[i], keeps_least ? std::max(least[i], level) : level);
                widths[i] = Int32GetDatum(width);
                used += width;
            }
            if (used <= room)
                PG_RETURN_ARRAYTYPE_P(construct_array(widths, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
        }
    PG_RETURN_ARRAYTYPE_P(construct_array(widths, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

// in_words(length interval) -> text: a length of time as people say it.
WARRANT_FUNCTION(warrant_in_words) { PG_RETURN_TEXT_P(cstring_to_text(InWords(MicrosecondsAsCompared(PG_GETARG_INTERVAL_P(0))))); }

// commands_in_words(commands text[]) -> text.
WARRANT_FUNCTION(warrant_commands_in_words) { PG_RETURN_TEXT_P(cstring_to_text(CommandsInWords(ParseCommands(PG_GETARG_ARRAYTYPE_P(0))))); }

}    // namespace warrant
