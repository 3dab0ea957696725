// A hash table of entries that begin with an OID, their key. It lives in the memory context that is current when it is made.
#pragma once

#include "pg/server.hpp"

namespace warrant {

inline HTAB* NewOidTable(const char* name, Size entry) {
    HASHCTL control = {};
    control.keysize = sizeof(Oid);
    control.entrysize = entry;
    control.hcxt = CurrentMemoryContext;
    return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

template <class Entry>
Entry* EnterOid(HTAB* table, Oid oid, bool* found) {
    return static_cast<Entry*>(hash_search(table, &oid, HASH_ENTER, found));
}

template <class Entry>
Entry* FindOid(HTAB* table, Oid oid) {
    return static_cast<Entry*>(hash_search(table, &oid, HASH_FIND, nullptr));
}

}    // namespace warrant
