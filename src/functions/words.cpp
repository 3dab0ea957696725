// What people read of a request: words that somebody else chose, commands and lengths of time, each in one short line.
#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "rules/commands.hpp"

namespace warrant {

namespace {

// Whether the character shows nothing, or turns the direction of what stands behind it (Unicode TR 9 and 36).
bool IsMark(pg_wchar character) {
    return character == 0x61c || (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

bool IsBlank(pg_wchar character) { return character <= ' ' || (character >= 0x7f && character <= 0xa0); }

// The character as Unicode; in another encoding than UTF-8 only ASCII is told apart.
pg_wchar CharacterAt(const char* text) {
    unsigned char first = static_cast<unsigned char>(text[0]);
    if (first < 0x80)
        return first;
    constexpr pg_wchar some_letter = 0xffff;
    return GetDatabaseEncoding() == PG_UTF8 ? utf8_to_unicode(reinterpret_cast<const unsigned char*>(text)) : some_letter;
}

// The text in one line of at most so many characters, three at least: blanks of all kinds are one space, and marks are left out.
char* InOneLine(const char* text, int size, int most) {
    StringInfoData line;
    initStringInfo(&line);
    bool blank = false;
    int count = 0;
    for (int at = 0, length; at < size && count <= most; at += length) {
        pg_wchar character = CharacterAt(text + at);
        length = pg_mblen(text + at);
        blank = blank || IsBlank(character);
        if (IsBlank(character) || IsMark(character))
            continue;
        if (blank && count > 0)
            appendStringInfoChar(&line, ' '), count++;
        appendBinaryStringInfo(&line, text + at, length);
        blank = false;
        count++;
    }
    if (count <= most)
        return line.data;
    line.data[line.len = pg_mbcharcliplen(line.data, line.len, most - 3)] = '\0';
    appendStringInfoString(&line, "...");
    return line.data;
}

// The length in its largest unit of which it has two, to the nearest number.
char* InWords(int64 microseconds) {
    static const struct {
        int64 size_us;
        const char* name;
    } units[] = {{USECS_PER_DAY, "day"}, {USECS_PER_HOUR, "hour"}, {USECS_PER_MINUTE, "minute"}, {USECS_PER_SEC, "second"}};
    int unit = 0;
    while (unit < int(lengthof(units)) - 1 && microseconds < 2 * units[unit].size_us)
        unit++;
    int64 number = (microseconds + units[unit].size_us / 2) / units[unit].size_us;
    return psprintf("%lld %s%s", (long long)number, units[unit].name, number == 1 ? "" : "s");
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

}    // namespace

// in_one_line(words text, most integer) -> text: what somebody else wrote, cut to that many characters, without line breaks and marks of direction.
WARRANT_FUNCTION(warrant_in_one_line) {
    text* words = PG_GETARG_TEXT_PP(0);
    PG_RETURN_TEXT_P(cstring_to_text(InOneLine(VARDATA_ANY(words), int(VARSIZE_ANY_EXHDR(words)), PG_GETARG_INT32(1))));
}

// in_words(length interval) -> text: a length of time as people say it.
WARRANT_FUNCTION(warrant_in_words) { PG_RETURN_TEXT_P(cstring_to_text(InWords(MicrosecondsAsCompared(PG_GETARG_INTERVAL_P(0))))); }

// commands_in_words(commands text[]) -> text.
WARRANT_FUNCTION(warrant_commands_in_words) { PG_RETURN_TEXT_P(cstring_to_text(CommandsInWords(ParseCommands(PG_GETARG_ARRAYTYPE_P(0))))); }

}    // namespace warrant
