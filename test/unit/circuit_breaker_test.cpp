// When a webhook is left alone, for how long, and what ends it.
#include "core/circuit_breaker.hpp"

#include <gtest/gtest.h>

using warrant::core::CircuitBreaker;

namespace {

constexpr int64_t second = 1000;

// Opened by five failures at time 0.
CircuitBreaker Opened() {
    CircuitBreaker breaker;
    for (int i = 0; i < 5; i++) {
        breaker.Begun();
        EXPECT_EQ(breaker.Failed(0), i == 4);
    }
    return breaker;
}

}    // namespace

TEST(CircuitBreaker, OpensAfterFiveFailuresInARow) {
    CircuitBreaker breaker = Opened();
    EXPECT_TRUE(breaker.IsOpen(0));
    EXPECT_TRUE(breaker.IsOpen(10 * second - 1));
    EXPECT_EQ(breaker.until_ms(), 10 * second);
}

TEST(CircuitBreaker, StaysClosedWhenEveryFifthCallSucceeds) {
    CircuitBreaker breaker;
    for (int i = 0; i < 4; i++) {
        EXPECT_FALSE(breaker.Failed(i * 100 * second));
    }
    breaker.Succeeded(400 * second);
    EXPECT_FALSE(breaker.Failed(500 * second));
    EXPECT_FALSE(breaker.IsOpen(500 * second));
    EXPECT_EQ(breaker.until_ms(), 0);
}

TEST(CircuitBreaker, OpensWhenHalfOfTheLastTenFailedWithin30Seconds) {
    CircuitBreaker breaker;
    for (int i = 0; i < 9; i++) {
        i % 2 == 0 ? breaker.Succeeded(i * second) : (void)breaker.Failed(i * second);
    }
    EXPECT_FALSE(breaker.IsOpen(9 * second));
    EXPECT_TRUE(breaker.Failed(9 * second));

    CircuitBreaker slow;    // the same over a longer time
    for (int i = 0; i < 20; i++) {
        i % 2 == 0 ? slow.Succeeded(i * 4 * second) : (void)slow.Failed(i * 4 * second);
    }
    EXPECT_FALSE(slow.IsOpen(80 * second));
}

TEST(CircuitBreaker, SendsOneProbeAndDoublesUpToFiveMinutes) {
    CircuitBreaker breaker = Opened();
    int64_t now = 10 * second;
    for (int64_t expected : {20, 40, 80, 160, 300, 300}) {
        EXPECT_TRUE(breaker.IsOpen(now - 1));
        ASSERT_FALSE(breaker.IsOpen(now));
        breaker.Begun();
        EXPECT_TRUE(breaker.IsOpen(now)) << "while the probe runs";
        EXPECT_TRUE(breaker.Failed(now));
        EXPECT_EQ(breaker.until_ms() - now, expected * second);
        now = breaker.until_ms();
    }
    breaker.Begun();
    breaker.Succeeded(now);
    EXPECT_FALSE(breaker.IsOpen(now));
    EXPECT_EQ(breaker.until_ms(), 0);
    EXPECT_FALSE(breaker.Failed(now)) << "it counts anew";
}

TEST(CircuitBreaker, CallsThatBeganBeforeItOpenedDoNotProlongIt) {
    CircuitBreaker breaker = Opened();
    EXPECT_FALSE(breaker.Failed(2 * second));
    EXPECT_EQ(breaker.until_ms(), 10 * second);
}
