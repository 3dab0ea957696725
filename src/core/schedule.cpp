#include "core/schedule.hpp"

#include <array>
#include <cstdint>

namespace warrant::core {

namespace {

constexpr size_t longest_text = 500;    // bytes
constexpr size_t longest_zone = 63;
constexpr uint8_t every_day = 0x7F;
constexpr std::array<std::string_view, 7> day_names = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

constexpr const char* no_day = "a day is one of Mon, Tue, Wed, Thu, Fri, Sat and Sun";
constexpr const char* no_window = "a window has the form 08:00-18:00";
constexpr const char* no_zone = "the time zone is missing";
constexpr const char* bad_zone = "a time zone is named as Europe/Berlin or UTC, not abbreviated and not by an offset";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 'a' - 'A') : c; }

// Goes through the text; the first problem ends it.
struct Reader {
    std::string_view text;
    size_t at = 0;
    const char* problem = nullptr;

    char Next() const { return at < text.size() ? text[at] : '\0'; }
    bool Take(char c) {
        bool taken = at < text.size() && text[at] == c;
        at += taken;
        return taken;
    }
    void SkipBlanks() {
        while (Take(' ')) {
        }
    }
    int Fail(const char* what) {
        problem = problem == nullptr ? what : problem;
        return 0;
    }
    bool Fails() const { return problem != nullptr; }
};

int ReadDay(Reader* reader) {
    std::string_view rest = reader->text.substr(reader->at);
    if (rest.size() > 3 && IsLetter(rest[3]))
        return reader->Fail(no_day);
    for (size_t day = 0; day < day_names.size(); day++) {
        bool same = rest.size() >= 3;
        for (size_t i = 0; i < 3 && same; i++)
            same = Lower(rest[i]) == day_names[day][i];
        if (same) {
            reader->at += 3;
            return int(day);
        }
    }
    return reader->Fail(no_day);
}

// One day, or from one to another, over the end of the week too.
uint8_t ReadDayRange(Reader* reader) {
    int first = ReadDay(reader), last = first;
    if (!reader->Fails() && reader->Take('-'))
        last = ReadDay(reader);
    uint8_t days = 0;
    for (int i = 0; i <= (last - first + 7) % 7; i++)
        days |= uint8_t(1 << (first + i) % 7);
    return days;
}

uint8_t ReadDays(Reader* reader) {
    uint8_t days = ReadDayRange(reader);
    reader->SkipBlanks();
    while (!reader->Fails() && reader->Take(',')) {
        reader->SkipBlanks();
        days |= ReadDayRange(reader);
        reader->SkipBlanks();
    }
    return days;
}

int ReadTwoDigits(Reader* reader, int most) {
    std::string_view rest = reader->text.substr(reader->at);
    if (rest.size() < 2 || !IsDigit(rest[0]) || !IsDigit(rest[1]))
        return reader->Fail(no_window);
    int number = (rest[0] - '0') * 10 + rest[1] - '0';
    if (number > most)
        return reader->Fail("a time of the day is between 00:00 and 24:00");
    reader->at += 2;
    return number;
}

// In minutes of the day.
int ReadTime(Reader* reader) {
    int hour = ReadTwoDigits(reader, 24);
    if (!reader->Fails() && !reader->Take(':'))
        return reader->Fail(no_window);
    int minute = reader->Fails() ? 0 : ReadTwoDigits(reader, hour == 24 ? 0 : 59);
    return hour * 60 + minute;
}

void ReadWindow(Reader* reader, uint8_t days, Schedule* schedule) {
    int from = ReadTime(reader);
    if (!reader->Fails() && !reader->Take('-'))
        reader->Fail(no_window);
    int until = reader->Fails() ? 0 : ReadTime(reader);
    if (!reader->Fails() && (from == until || from == minutes_of_day))
        reader->Fail("a window begins at another time than it ends, and before 24:00; the whole day is 00:00-24:00");
    if (reader->Fails())
        return;
    int length = (until - from + minutes_of_day) % minutes_of_day;
    length = length == 0 ? minutes_of_day : length;    // 00:00-24:00
    for (int day = 0; day < 7; day++)
        for (int i = 0; i < length && (days >> day & 1) != 0; i++)
            schedule->open[size_t((day * minutes_of_day + from + i) % minutes_of_week)] = true;
}

// A name of the database has directories; of the others only UTC is the same everywhere and always.
bool IsZoneName(std::string_view zone) {
    bool directories = false;
    for (char c : zone) {
        if (!IsLetter(c) && !IsDigit(c) && c != '/' && c != '_' && c != '-' && c != '+')
            return false;
        directories = directories || c == '/';
    }
    return zone.size() <= longest_zone && IsLetter(zone[0]) && (directories || zone == "UTC");
}

void ReadWindows(Reader* reader, Schedule* schedule) {
    uint8_t days = every_day;
    do {
        reader->SkipBlanks();
        if (IsLetter(reader->Next()))
            days = ReadDays(reader);
        if (!reader->Fails())
            ReadWindow(reader, days, schedule);
        reader->SkipBlanks();
    } while (!reader->Fails() && reader->Take(','));
}

}    // namespace

ScheduleProblem ReadSchedule(std::string_view text, Schedule* schedule) noexcept {
    Reader reader{text};
    *schedule = Schedule{};
    if (text.size() > longest_text)
        reader.Fail("hours have at most 500 bytes");
    else
        ReadWindows(&reader, schedule);
    if (!reader.Fails()) {
        schedule->zone = text.substr(reader.at);
        if (schedule->zone.empty())
            reader.Fail(no_zone);
        else if (text[reader.at - 1] != ' ' || !IsZoneName(schedule->zone))
            reader.Fail(bad_zone);
    }
    if (reader.Fails())
        *schedule = Schedule{};
    return {reader.problem, reader.at};
}

int MinutesUntilChange(const Schedule& schedule, int minute) noexcept {
    bool now = schedule.open[size_t(minute)];
    for (int i = 1; i < minutes_of_week; i++)
        if (schedule.open[size_t((minute + i) % minutes_of_week)] != now)
            return i;
    return 0;
}

bool IsWithin(const Schedule& schedule, const Schedule& other) noexcept { return (schedule.open & ~other.open).none(); }

}    // namespace warrant::core
