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

// Whether there is room for an entry of this size and a promise of that one.
constexpr bool HasRoom(const RingState& ring, uint64_t size, uint64_t promise) { return Aligned(size) + Aligned(promise) <= FreeBytes(ring); }

// Where the next byte goes.
struct RingWriter {
    char* bytes;
    uint64_t capacity;
    uint64_t offset;    // below the capacity
};

// Copies into the ring, around its end when needed.
inline void Write(RingWriter* writer, const void* from, uint64_t size) {
    if (size == 0)
        return;
    uint64_t rest = writer->capacity - writer->offset;
    if (size < rest) {
        std::memcpy(writer->bytes + writer->offset, from, size);
        writer->offset += size;
        return;
    }
    std::memcpy(writer->bytes + writer->offset, from, rest);
    std::memcpy(writer->bytes, static_cast<const char*>(from) + rest, size - rest);
    writer->offset = size - rest;
}

// Copies out of the ring, around its end when needed.
inline void CopyOut(const char* bytes, uint64_t capacity, uint64_t position, void* to, uint64_t size) {
    uint64_t offset = position % capacity;
    uint64_t first = size < capacity - offset ? size : capacity - offset;
    std::memcpy(to, bytes + offset, first);
    std::memcpy(static_cast<char*>(to) + first, bytes, size - first);
}

}    // namespace warrant::core
