// What people read of a request: words that somebody else chose, commands and lengths of time, each in one short line.
#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"

namespace warrant {

namespace {

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

// One of warrant_internal.item: the commands, and on what.
void AppendItem(StringInfo words, HeapTupleHeader item) {
    bool null;
    auto column = [item, &null](const char* name) { return GetAttributeByName(item, name, &null); };
    char kind = DatumGetChar(column("target_kind"));
    const char *schema = NameStr(*DatumGetName(column("schema_name"))), *relation = NameStr(*DatumGetName(column("relation_name")));
    appendStringInfo(words, "%s on ", CommandsInWords(ParseCommands(DatumGetArrayTypeP(column("commands")))));
    appendStringInfoString(words, kind == 't'   ? quote_qualified_identifier(schema, relation)
                                  : kind == 's' ? psprintf("schema %s", quote_identifier(schema))
                                                : "this database");
}

}    // namespace

// scope_in_words(items warrant_internal.item[]) -> text: the first of them, and how many there are besides.
WARRANT_FUNCTION(warrant_scope_in_words) {
    constexpr int most = 3, most_characters = 200;
    ArrayType* items = PG_GETARG_ARRAYTYPE_P(0);
    Datum* elements;
    int count;
    deconstruct_array(items, ARR_ELEMTYPE(items), -1, false, TYPALIGN_DOUBLE, &elements, nullptr, &count);
    StringInfoData words;
    initStringInfo(&words);
    for (int i = 0; i < count && i < most; i++) {
        appendStringInfoString(&words, i == 0 ? "" : ", ");
        AppendItem(&words, DatumGetHeapTupleHeader(elements[i]));
    }
    const char* others = count > most ? psprintf(" and %d more", count - most) : "";
    PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s%s", InOneLine(words.data, words.len, most_characters), others)));
}

// in_one_line(words text, most integer) -> text: what somebody else wrote, cut to that many characters, without line breaks and marks of direction.
WARRANT_FUNCTION(warrant_in_one_line) {
    const text* words = PG_GETARG_TEXT_PP(0);
    PG_RETURN_TEXT_P(cstring_to_text(InOneLine(VARDATA_ANY(words), int(VARSIZE_ANY_EXHDR(words)), PG_GETARG_INT32(1))));
}

// in_words(length interval) -> text: a length of time as people say it.
WARRANT_FUNCTION(warrant_in_words) { PG_RETURN_TEXT_P(cstring_to_text(InWords(MicrosecondsAsCompared(PG_GETARG_INTERVAL_P(0))))); }

// commands_in_words(commands text[]) -> text.
WARRANT_FUNCTION(warrant_commands_in_words) { PG_RETURN_TEXT_P(cstring_to_text(CommandsInWords(ParseCommands(PG_GETARG_ARRAYTYPE_P(0))))); }

}    // namespace warrant
