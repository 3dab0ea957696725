// HTTP for the courier: any number of POSTs at a time on one curl multi handle, in one thread, without waiting.
//
// Always: certificates and host names verified, TLS 1.2 or later, HTTP/2 when offered, no redirects, no proxy from the
// environment, destinations checked after name resolution and again on connections used a second time (which live at most
// 300 s), answers limited (http_call.hpp). libcurl repeats a request by itself only when a connection that it had kept turns out
// closed before a byte came back.
//
// To wait, watch Descriptor() for readability for at most TimeoutMs(), then call Perform() and Take() until it has no more:
//     WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, client.Descriptor(), ...)
// libcurl resolves names in threads: all signals are blocked while one can be started, so that none is delivered there.
// Nothing here throws.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include "core/http_call.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace warrant::core {

class HttpClient {
  public:
    HttpClient() noexcept;
    // Cancels what is running. Takes no longer than closing sockets.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Opens the client: before anything else, once, in the process that uses it. Returns the error, or empty.
    std::string Open() noexcept;

    // Begins a call: the id of its result, never 0, or what is wrong with the call. The call is copied.
    std::variant<uint64_t, std::string> Start(const HttpCall& call) noexcept;

    // Readable when Perform has something to do. -1 before Open. Not to be read, written or closed.
    int Descriptor() const noexcept;
    // Milliseconds until Perform must be called all the same: 0 now, -1 never.
    int TimeoutMs() const noexcept;
    // Does what can be done without waiting.
    void Perform() noexcept;
    // Waits until something happens, at most so many milliseconds, and performs it. For callers without a latch.
    void Wait(int milliseconds) noexcept;

    // A finished call, in the order in which they finished; nothing when there is none.
    std::optional<HttpResult> Take() noexcept;

    // Ends a call, or all of them, without a result. Finished ones that were not taken stay.
    void Cancel(uint64_t id) noexcept;
    void CancelAll() noexcept;
    size_t running() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}    // namespace warrant::core
