// The ring's arithmetic: room, promises, and entries that wrap around the end.
#include "core/ring_layout.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace warrant::core;

TEST(RingLayout, AlignsUpwards) {
    EXPECT_EQ(Aligned(0), 0u);
    EXPECT_EQ(Aligned(1), 8u);
    EXPECT_EQ(Aligned(8), 8u);
    EXPECT_EQ(Aligned(9), 16u);
}

TEST(RingLayout, AnEmptyRingHoldsExactlyItsCapacity) {
    RingState ring{1000, 1000, 0, 64};
    EXPECT_EQ(FreeBytes(ring), 64u);
    EXPECT_TRUE(HasRoom(ring, 64, 0));
    EXPECT_FALSE(HasRoom(ring, 65, 0));
}

TEST(RingLayout, PromisedSpaceIsNotFree) {
    RingState ring{0, 16, 24, 64};
    EXPECT_EQ(FreeBytes(ring), 24u);
    EXPECT_TRUE(HasRoom(ring, 16, 8));
    EXPECT_FALSE(HasRoom(ring, 16, 16));
    EXPECT_FALSE(HasRoom(ring, 17, 8));
}

TEST(RingLayout, AFullRingHasNoRoom) {
    RingState ring{8, 72, 0, 64};
    EXPECT_EQ(FreeBytes(ring), 0u);
    EXPECT_FALSE(HasRoom(ring, 1, 0));
}

TEST(RingLayout, PositionsBeyondThe32BitsKeepTheirDistance) {
    uint64_t far = uint64_t(1) << 40;
    RingState ring{far, far + 40, 0, 64};
    EXPECT_EQ(FreeBytes(ring), 24u);
}

TEST(RingLayout, AnEntryMayWrapAroundTheEnd) {
    std::vector<char> bytes(32, '.');
    RingWriter writer{bytes.data(), 32, 26};
    Write(&writer, "12", 2);
    Write(&writer, "abcdefgh", 8);
    EXPECT_EQ(writer.offset, 4u);
    EXPECT_EQ(std::string(bytes.begin() + 28, bytes.end()), "abcd");
    EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "efgh");
    char out[8];
    CopyOut(bytes.data(), 32, 32 + 28, out, 8);
    EXPECT_EQ(std::string(out, 8), "abcdefgh");
}

TEST(RingLayout, AnEntryMayFillTheRingToItsEnd) {
    std::vector<char> bytes(8, '.');
    RingWriter writer{bytes.data(), 8, 4};
    Write(&writer, "abcd", 4);
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "....abcd");
    EXPECT_EQ(writer.offset, 0u);
}

TEST(RingLayout, NothingIsCopiedForAnEmptyPiece) {
    std::vector<char> bytes(8, '.');
    RingWriter writer{bytes.data(), 8, 7};
    Write(&writer, nullptr, 0);
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "........");
}

// Against a queue: whatever goes in comes out, in order, for random sizes at random moments.
TEST(RingLayout, BehavesLikeAQueue) {
    constexpr uint64_t capacity = 4096;
    std::vector<char> bytes(capacity);
    RingState ring{0, 0, 0, capacity};
    std::deque<std::string> expected;
    std::mt19937 random(20220);
    for (int step = 0; step < 100000; step++) {
        std::string entry(random() % 300, char('a' + random() % 26));
        if (random() % 2 == 0 && HasRoom(ring, entry.size(), 0)) {
            RingWriter writer{bytes.data(), capacity, ring.tail % capacity};
            Write(&writer, entry.data(), entry.size());
            ring.tail += Aligned(entry.size());
            expected.push_back(entry);
        } else if (!expected.empty()) {
            std::string out(expected.front().size(), '\0');
            CopyOut(bytes.data(), capacity, ring.head, out.data(), out.size());
            ASSERT_EQ(out, expected.front());
            ring.head += Aligned(out.size());
            expected.pop_front();
        }
        ASSERT_LE(ring.tail - ring.head, capacity);
    }
}
