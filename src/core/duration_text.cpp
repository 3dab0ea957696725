#include "core/duration_text.hpp"

namespace warrant::core {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool StaysInNumber(char c) { return IsDigit(c) || c == '.' || c == ':' || c == '-' || c == '/'; }

bool IsZero(std::string_view number) { return number.find_first_not_of("0.") == number.npos; }

}    // namespace

bool LacksUnit(std::string_view text) {
    size_t start = 0;
    while (start < text.size() && IsSpace(text[start]))
        start++;
    bool iso = start < text.size() && text[start] == 'P';    // ISO 8601: T is no unit there
    for (size_t i = start; i < text.size(); i++) {
        if (!IsDigit(text[i]))
            continue;
        size_t from = i;
        while (i < text.size() && StaysInNumber(text[i]))
            i++;
        std::string_view number = text.substr(from, i - from);
        size_t unit = i;
        while (!iso && unit < text.size() && IsSpace(text[unit]))
            unit++;
        bool has_unit = unit < text.size() && IsLetter(text[unit]) && !(iso && text[unit] == 'T' && number.find('-') == number.npos);
        if (!has_unit && number.find(':') == number.npos && !IsZero(number))
            return true;
    }
    return false;
}

}    // namespace warrant::core
