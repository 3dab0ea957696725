// The arithmetic of a byte ring: positions only grow, an entry may wrap around the end, promised space is kept free.
//
// Pure C++: no server header. Positions and sizes are bytes.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdint>
#include <cstring>

namespace warrant::core {

constexpr uint64_t entry_alignment = 8;

constexpr uint64_t Aligned(uint64_t size) { return (size + entry_alignment - 1) & ~(entry_alignment - 1); }

// What is taken: entries from head (the next to read) to tail (the next to write), and space promised to entries to come.
struct RingState {
    uint64_t head;
    uint64_t tail;
    uint64_t promised;
    uint64_t capacity;
};

constexpr uint64_t FreeBytes(const RingState& ring) { return ring.capacity - (ring.tail - ring.head) - ring.promised; }

// Room for an entry of this size and a promise of that one.
constexpr bool HasRoom(const RingState& ring, uint64_t size, uint64_t promise) {
    return Aligned(size) + Aligned(promise) <= FreeBytes(ring);
}

// Copies into the ring at a position, around the end when needed.
inline void CopyIn(char* bytes, uint64_t capacity, uint64_t position, const void* from, uint64_t size) {
    uint64_t offset = position % capacity;
    uint64_t first = size < capacity - offset ? size : capacity - offset;
    std::memcpy(bytes + offset, from, first);
    if (first < size)
        std::memcpy(bytes, static_cast<const char*>(from) + first, size - first);
}

// Copies out of the ring, the same way.
inline void CopyOut(const char* bytes, uint64_t capacity, uint64_t position, void* to, uint64_t size) {
    uint64_t offset = position % capacity;
    uint64_t first = size < capacity - offset ? size : capacity - offset;
    std::memcpy(to, bytes + offset, first);
    std::memcpy(static_cast<char*>(to) + first, bytes, size - first);
}

}    // namespace warrant::core
