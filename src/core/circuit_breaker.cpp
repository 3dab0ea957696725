#include "core/circuit_breaker.hpp"

#include <algorithm>

namespace warrant::core {

namespace {

constexpr int most_failures = 5;
constexpr int64_t window_ms = 30'000, first_ms = 10'000, longest_ms = 300'000;

}    // namespace

void CircuitBreaker::Note(int64_t now_ms, bool failed) { calls_[count_++ % last_calls] = Call{now_ms, failed}; }

bool CircuitBreaker::HalfFailed(int64_t now_ms) const {
    auto counts = [now_ms](const Call& call) { return now_ms - call.at_ms <= window_ms; };
    return count_ >= last_calls && std::all_of(calls_.begin(), calls_.end(), counts) &&
           std::count_if(calls_.begin(), calls_.end(), [](const Call& call) { return call.failed; }) * 2 >= int(last_calls);
}

void CircuitBreaker::Succeeded(int64_t now_ms) {
    if (open_for_ms_ > 0) {
        *this = CircuitBreaker();    // what it was before says nothing any more
    }
    failures_ = 0;
    Note(now_ms, false);
}

bool CircuitBreaker::Failed(int64_t now_ms) {
    if (open_for_ms_ > 0) {
        bool was_probe = probing_ && now_ms >= until_ms_;    // others began before it opened
        if (was_probe) {
            open_for_ms_ = std::min(2 * open_for_ms_, longest_ms);
            until_ms_ = now_ms + open_for_ms_;
        }
        probing_ = probing_ && !was_probe;
        return was_probe;
    }
    failures_++;
    Note(now_ms, true);
    if (failures_ < most_failures && !HalfFailed(now_ms)) {
        return false;
    }
    open_for_ms_ = first_ms;
    until_ms_ = now_ms + open_for_ms_;
    return true;
}

}    // namespace warrant::core
