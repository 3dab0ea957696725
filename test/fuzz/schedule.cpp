// Hours of the week: what is read is open some time, ends with its zone, and changes where it says that it does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/schedule.hpp"

using namespace warrant::core;

namespace {

void Require(bool holds) {
    if (!holds)
        abort();
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Schedule schedule;
    ScheduleProblem problem = ReadSchedule(text, &schedule);
    Require(problem.at <= size && (problem.what == nullptr) == schedule.open.any());
    if (problem.what != nullptr)
        return 0;
    Require(!schedule.zone.empty() && schedule.zone.data() + schedule.zone.size() == text.data() + size);
    Require(IsWithin(schedule, schedule));
    for (int minute = 0; minute < minutes_of_week; minute += 997) {
        int change = MinutesUntilChange(schedule, minute);
        Require(change == 0 ? schedule.open.all() : schedule.open[size_t((minute + change) % minutes_of_week)] != schedule.open[size_t(minute)]);
    }
    return 0;
}
