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

}    // namespace

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
