#include "pg/server.hpp"

#include "pg/words.hpp"

namespace warrant {

namespace {

struct Range {
    pg_wchar first, last;
};

template <int count>
bool IsIn(const Range (&ranges)[count], pg_wchar character) {
    for (const Range& range : ranges)
        if (character >= range.first && character <= range.last)
            return true;
    return false;
}

// Characters that show nothing where they stand: controls, White_Space of Unicode, and letters and patterns that are blank.
bool IsBlank(pg_wchar character) {
    static const Range blanks[] = {{0, 0x20},        {0x7f, 0xa0},     {0x115f, 0x1160}, {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
                                   {0x202f, 0x202f}, {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xffa0, 0xffa0}};
    return IsIn(blanks, character);
}

// Default_Ignorable_Code_Point of Unicode, and more: they take no place, or turn the direction of what stands behind them.
bool IsMark(pg_wchar character) {
    static const Range marks[] = {{0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},     {0x17b4, 0x17b5},  {0x180b, 0x180f},
                                  {0x200b, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x206f},   {0xfe00, 0xfe0f},  {0xfeff, 0xfeff},
                                  {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    return IsIn(marks, character);
}

// The text as UTF-8. In an SQL_ASCII database nobody knows what a byte beyond ASCII is, and a question mark stands for it.
const char* AsUtf8(const char* words, int size) {
    char* copy = pnstrdup(words, size);
    if (GetDatabaseEncoding() != PG_SQL_ASCII)
        return pg_server_to_any(copy, size, PG_UTF8);
    for (char* at = copy; *at != '\0'; at++)
        *at = IS_HIGHBIT_SET(*at) ? '?' : *at;
    return copy;
}

}    // namespace

char* InOneLine(const char* words, int size, int most) {
    StringInfoData line;
    initStringInfo(&line);
    bool blank = false;
    int count = 0, shorter = 0, length;
    for (const char* at = AsUtf8(words, size); *at != '\0' && count <= most; at += length) {
        const unsigned char* bytes = reinterpret_cast<const unsigned char*>(at);
        pg_wchar character = utf8_to_unicode(bytes);
        length = pg_utf_mblen(bytes);
        bool is_blank = IsBlank(character);
        blank = blank || is_blank;
        if (is_blank || IsMark(character))
            continue;
        shorter = count <= most - 3 ? line.len : shorter;
        if (blank && count > 0)
            appendStringInfoChar(&line, ' '), count++;
        appendBinaryStringInfo(&line, at, length);
        blank = false;
        count++;
    }
    if (count > most) {
        line.data[line.len = shorter] = '\0';
        appendStringInfoString(&line, "...");
    }
    return GetDatabaseEncoding() == PG_SQL_ASCII ? line.data : pg_any_to_server(line.data, line.len, PG_UTF8);
}

const char* Shown(const char* name) {
    constexpr int most = 128;
    return name == nullptr ? "" : InOneLine(name, int(strlen(name)), most);
}

char* AsWritten(const char* words, int size) {
    StringInfoData shown;
    initStringInfo(&shown);
    int length;
    for (const char* at = AsUtf8(words, size); *at != '\0'; at += length) {
        const unsigned char* bytes = reinterpret_cast<const unsigned char*>(at);
        pg_wchar character = utf8_to_unicode(bytes);
        length = pg_utf_mblen(bytes);
        if (*at != ' ' && (IsBlank(character) || IsMark(character)))
            appendStringInfo(&shown, character > 0xffff ? "\\U%08x" : "\\u%04x", character);
        else
            appendBinaryStringInfo(&shown, at, length);
    }
    return GetDatabaseEncoding() == PG_SQL_ASCII ? shown.data : pg_any_to_server(shown.data, shown.len, PG_UTF8);
}

char* InWords(int64 microseconds) {
    static const struct {
        int64 size_us;
        const char* name;
    } units[] = {{USECS_PER_DAY, "day"}, {USECS_PER_HOUR, "hour"}, {USECS_PER_MINUTE, "minute"}, {USECS_PER_SEC, "second"}};
    int unit = 0;
    auto fits = [&] { return microseconds >= 2 * units[unit].size_us || (unit > 0 && microseconds == units[unit].size_us); };
    while (unit < int(lengthof(units)) - 1 && !fits())
        unit++;
    int64 number = (microseconds + units[unit].size_us / 2) / units[unit].size_us;
    return psprintf("%lld %s%s", (long long)number, units[unit].name, number == 1 ? "" : "s");
}

}    // namespace warrant
