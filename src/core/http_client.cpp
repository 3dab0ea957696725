#include "core/http_client.hpp"

#include "core/http_transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <exception>
#include <list>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace warrant::core {

namespace {

using Clock = std::chrono::steady_clock;

constexpr long kept_connections = 16;

// No signal while libcurl works: a thread inherits the mask of the one that starts it. A broken pipe that libcurl caused is
// not the caller's business.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
        pipe_was_broken_ = PipeIsBroken();
    }
    ~SignalsBlocked() {
        if (!pipe_was_broken_ && PipeIsBroken()) {
            sigset_t pipe;
            sigemptyset(&pipe);
            sigaddset(&pipe, SIGPIPE);
            timespec at_once{};
            sigtimedwait(&pipe, nullptr, &at_once);
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    static bool PipeIsBroken() {
        sigset_t pending;
        sigpending(&pending);
        return sigismember(&pending, SIGPIPE) == 1;
    }

    sigset_t before_;
    bool pipe_was_broken_;
};

}    // namespace

// libcurl's sockets are put into one epoll descriptor, which is what the caller watches.
struct HttpClient::State {
    bool global = false;
    CURLM* multi = nullptr;
    int epoll = -1;
    std::optional<Clock::time_point> due;
    uint64_t last_id = 0;
    // A finished transfer changes from one list to the other without a copy: at that point nothing may fail.
    std::list<HttpTransfer> running;
    std::list<HttpTransfer> finished;

    ~State();
    std::string Open();
    std::variant<uint64_t, std::string> Start(const HttpCall& call);
    void Collect();
    void Stop(std::list<HttpTransfer>::iterator transfer);

    static int WatchSocket(CURL* easy, curl_socket_t socket, int what, void* self, void* known) noexcept;
    static int WatchTime(CURLM* multi, long milliseconds, void* self) noexcept;
};

HttpClient::State::~State() {
    while (!running.empty()) {
        Stop(running.begin());
    }
    finished.clear();
    if (multi) {
        curl_multi_cleanup(multi);
    }
    if (epoll >= 0) {
        close(epoll);
    }
    if (global) {
        curl_global_cleanup();
    }
}

std::string HttpClient::State::Open() {
    global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    multi = global ? curl_multi_init() : nullptr;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    bool set = multi && epoll >= 0 && curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::WatchSocket) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::WatchTime) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this) == CURLM_OK &&
               curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections) == CURLM_OK;
    return set ? "" : "libcurl cannot be initialised";
}

std::variant<uint64_t, std::string> HttpClient::State::Start(const HttpCall& call) {
    std::list<HttpTransfer> started;
    HttpTransfer& transfer = started.emplace_back(last_id + 1, call);
    if (std::string wrong = transfer.Prepare(); !wrong.empty()) {
        return wrong;
    }
    if (curl_multi_add_handle(multi, transfer.handle()) != CURLM_OK) {
        return "libcurl does not take the call";
    }
    running.splice(running.end(), started);
    return ++last_id;
}

void HttpClient::State::Collect() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
        auto finishing =
            std::find_if(running.begin(), running.end(), [&](const HttpTransfer& transfer) { return transfer.handle() == message->easy_handle; });
        if (message->msg == CURLMSG_DONE && finishing != running.end()) {
            CURLcode code = message->data.result;    // the message goes with the handle
            finishing->Finish(code);
            curl_multi_remove_handle(multi, finishing->handle());
            finished.splice(finished.end(), running, finishing);
        }
    }
}

void HttpClient::State::Stop(std::list<HttpTransfer>::iterator transfer) {
    curl_multi_remove_handle(multi, transfer->handle());
    running.erase(transfer);
}

int HttpClient::State::WatchSocket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
    int epoll = static_cast<State*>(self)->epoll;
    epoll_event event{};
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? uint32_t(EPOLLIN) : 0) | (what & CURL_POLL_OUT ? uint32_t(EPOLLOUT) : 0);
    bool watched = epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0 || (errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0);
    return watched ? 0 : -1;
}

int HttpClient::State::WatchTime(CURLM*, long milliseconds, void* self) noexcept {
    auto* state = static_cast<State*>(self);
    state->due = milliseconds < 0 ? std::nullopt : std::optional(Clock::now() + std::chrono::milliseconds(milliseconds));
    return 0;
}

// --- what the caller sees ---

HttpClient::HttpClient() noexcept = default;
HttpClient::~HttpClient() {
    SignalsBlocked blocked;
    state_.reset();
}

std::string HttpClient::Open() noexcept try {
    SignalsBlocked blocked;
    auto state = std::make_unique<State>();
    std::string error = state->Open();
    if (error.empty()) {
        state_ = std::move(state);
    }
    return error;
} catch (const std::exception&) {
    return "out of memory";
}

std::variant<uint64_t, std::string> HttpClient::Start(const HttpCall& call) noexcept try {
    SignalsBlocked blocked;
    return state_ ? state_->Start(call) : "the client is not open";
} catch (const std::exception&) {
    return "out of memory";
}

int HttpClient::Descriptor() const noexcept { return state_ ? state_->epoll : -1; }

int HttpClient::TimeoutMs() const noexcept {
    if (!state_ || !state_->due) {
        return -1;
    }
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*state_->due - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, 24 * 3600 * 1000));
}

void HttpClient::Perform() noexcept {
    if (!state_) {
        return;
    }
    SignalsBlocked blocked;
    int running = 0;
    epoll_event events[16];
    int count = epoll_wait(state_->epoll, events, 16, 0);
    for (int i = 0; i < count; i++) {
        int happened = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(state_->multi, events[i].data.fd, happened, &running);
    }
    if (TimeoutMs() == 0) {
        state_->due.reset();    // before the call, which sets the next one
        curl_multi_socket_action(state_->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    state_->Collect();
}

void HttpClient::Wait(int milliseconds) noexcept {
    int timeout = TimeoutMs();
    timeout = timeout < 0 ? milliseconds : std::min(timeout, milliseconds);
    pollfd readable{Descriptor(), POLLIN, 0};
    poll(&readable, 1, timeout);
    Perform();
}

std::optional<HttpResult> HttpClient::Take() noexcept {
    if (!state_ || state_->finished.empty()) {
        return std::nullopt;
    }
    std::optional<HttpResult> result(std::move(state_->finished.front().result()));
    state_->finished.pop_front();
    return result;
}

void HttpClient::Cancel(uint64_t id) noexcept {
    if (!state_) {
        return;
    }
    SignalsBlocked blocked;
    auto found = std::find_if(state_->running.begin(), state_->running.end(), [&](HttpTransfer& transfer) { return transfer.result().id == id; });
    if (found != state_->running.end()) {
        state_->Stop(found);
    }
}

void HttpClient::CancelAll() noexcept {
    SignalsBlocked blocked;
    while (state_ && !state_->running.empty()) {
        state_->Stop(state_->running.begin());
    }
}

size_t HttpClient::running() const noexcept { return state_ ? state_->running.size() : 0; }

}    // namespace warrant::core
