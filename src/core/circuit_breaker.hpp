// Whether a webhook is called at all: one that fails again and again is left alone for a while, then tried with one call.
//
// It opens after 5 failures in a row, or when half of the last ten calls failed and none of them is older than 30 s; for 10 s first, for twice as
// long after each probe that fails, for 5 minutes at most. A success closes it. Times are milliseconds of any clock that does not go back.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <array>
#include <cstddef>
#include <cstdint>

namespace warrant::core {

class CircuitBreaker {
  public:
    // Whether nothing may be sent now. When its time is over one call may be, the probe, and no other until the probe has ended.
    bool IsOpen(int64_t now_ms) const { return open_for_ms_ > 0 && (now_ms < until_ms_ || probing_); }
    // When a probe may be sent; 0 while the breaker is closed.
    int64_t until_ms() const { return open_for_ms_ > 0 ? until_ms_ : 0; }

    // Each call begins once and ends once.
    void Begun() { probing_ = open_for_ms_ > 0; }
    void Succeeded(int64_t now_ms);
    // True when this failure opened the breaker, or left it open for longer.
    bool Failed(int64_t now_ms);

  private:
    static constexpr size_t last_calls = 10;

    struct Call {
        int64_t at_ms;
        bool failed;
    };

    void Note(int64_t now_ms, bool failed);
    bool HalfFailed(int64_t now_ms) const;

    std::array<Call, last_calls> calls_ = {};    // the latest calls; call n stands at n % last_calls
    size_t count_ = 0;
    int failures_ = 0;           // in a row
    int64_t open_for_ms_ = 0;    // 0: closed
    int64_t until_ms_ = 0;
    bool probing_ = false;
};

}    // namespace warrant::core
