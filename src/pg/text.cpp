#include "pg/server.hpp"

#include "pg/text.hpp"

namespace warrant {

namespace {

bool IsText(const char* text, int size) { return pg_verify_mbstr(GetDatabaseEncoding(), text, size, true); }

}    // namespace

void CleanText(char* text, int size) {
    if (IsText(text, size))
        return;
    for (int at = 0; at < size;) {
        int length = pg_encoding_verifymbchar(GetDatabaseEncoding(), text + at, size - at);
        if (length < 1 || text[at] == '\0')
            text[at] = '?';
        at += length < 1 ? 1 : length;
    }
}

const char* CleanedText(const char* text) {
    int size = int(strlen(text));
    if (IsText(text, size))
        return text;
    char* clean = pnstrdup(text, size);
    CleanText(clean, size);
    return clean;
}

}    // namespace warrant
