// Listening to the ends of transactions.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// From the first call on the server tells this process of these ends; every transaction pays for who listens to its end. True the first time.
template <XactCallback on_end, SubXactCallback... on_subtransaction>
bool ListenForEnds() {
    static bool listening = false;
    if (listening)
        return false;
    RegisterXactCallback(on_end, nullptr);
    (RegisterSubXactCallback(on_subtransaction, nullptr), ...);
    return listening = true;
}

}    // namespace warrant
