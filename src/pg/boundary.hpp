// Where C++ that may throw is called from server code: nothing thrown crosses it.
//
// The server must not be called from inside where it could raise, because an ereport is a longjmp that runs no destructor.
#pragma once

namespace warrant {

// Runs work; false when it threw, which in our own C++ means that memory is out. To be reported after the return, never inside.
template <class Work>
bool Contained(Work work) noexcept {
    try {
        work();
        return true;
    } catch (...) {
        return false;
    }
}

}    // namespace warrant
