// Deliveries under way: each is signed, sent, and its answer understood. What comes out are arguments for the recorder's action
// webhook_answer. Knows no server. Everything here may throw when memory is out, and throws nothing else.
#pragma once
#ifdef POSTGRES_H
#error "knows no server: include it before pg/server.hpp"
#endif

#include "core/circuit_breaker.hpp"
#include "core/http_client.hpp"
#include "courier/kinds.hpp"
#include "courier/secrets.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace warrant {

class Deliveries {
  public:
    // ascii: the database's encoding is not UTF-8, so other characters of an answer become question marks.
    explicit Deliveries(bool ascii) : ascii_(ascii) {}

    // Opens the client, once, before anything else. Returns the error, or empty.
    std::string Open() { return client_.Open(); }

    Secrets& secrets() { return secrets_; }
    const core::HttpClient& client() const { return client_; }

    // Whether the recorder's SQL keeps limits on uses; the script of 0.1.0 would pass over them.
    void SetKeeps(KeptLimits keeps) { keeps_ = keeps; }

    // Begins to send a delivery, given as the text that webhook_call.hpp reads. What is wrong with it becomes its answer.
    void Begin(int64_t delivery_id, std::string_view letter);

    // Does what can be done without waiting; answers line up behind those that are there.
    void Perform();

    // The oldest answer, a JSON object for the recorder; nullptr when there is none. It stays until it is handed over.
    const char* answer() const { return answers_.empty() ? nullptr : answers_.front().c_str(); }
    void HandedOver() { answers_.pop_front(); }

    size_t running() const { return running_.size(); }

    // What an administrator should read in the server's log: whole sentences; nullptr when there is nothing more.
    const char* note() const { return notes_.empty() ? nullptr : notes_.front().c_str(); }
    void Noted() { notes_.pop_front(); }

    // A delivery has lacked its key: the file may be about to change, and is to be read again before each try.
    bool missed_key() const { return missed_key_; }

  private:
    struct Sent {
        int64_t delivery_id;
        const WebhookKind* kind;
        std::string message_id;
        std::string webhook;
    };
    // What is known of a failure, for the recorder to plan what comes next.
    struct Failure {
        std::string_view error;
        bool may_repeat = true;
        int64_t retry_after_s = 0;    // not before
        bool gone = false;            // the webhook is to be disabled
    };
    void Conclude(const core::HttpResult& result, const Sent& sent);
    void Watch(const core::HttpResult& result, const std::string& webhook);
    void Fail(int64_t delivery_id, const Failure& failure);
    void LineUp(core::JsonWriter* report);

    bool ascii_;
    KeptLimits keeps_;
    bool missed_key_ = false;
    Secrets secrets_;
    core::HttpClient client_;
    std::map<uint64_t, Sent> running_;                                     // by the client's id
    std::map<std::string, core::CircuitBreaker, std::less<>> breakers_;    // by the webhook's name
    std::deque<std::string> answers_;
    std::deque<std::string> notes_;
};

}    // namespace warrant
