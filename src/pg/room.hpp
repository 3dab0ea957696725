// Arrays that live as long as the process and grow with what they keep.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Makes room for one more item; the array may move. first: how many it has room for at the beginning.
template <class Item>
inline void MakeRoom(Item** items, int* room, int count, int first) {
    if (count < *room)
        return;
    int more = *room == 0 ? first : 2 * *room;
    Size size = more * sizeof(Item);
    *items = static_cast<Item*>(*items == nullptr ? MemoryContextAllocHuge(TopMemoryContext, size) : repalloc_huge(*items, size));
    *room = more;
}

}    // namespace warrant
