// What an approval webhook's answer means: approved, denied, pending, or nothing that may be acted on.
//
// The body is an AuthZEN Authorization API 1.0 decision with this product's context:
//   {"decision":true,"context":{"request_id":"..","status":"approved","grant":{"ttl_s":900,"max_uses":1,"max_rows":100},
//                               "approver":{"id":".."},"reason":"..","decision_jws":".."}}
// Only a status of 200 decides, only with a boolean `decision`, and only when the answer repeats the request's id: in
// context.request_id or, where that is absent, in the header X-Request-ID. 202 and 204 are pending, whatever the body says.
// Everything else is an error: one wrong type anywhere in what is read here, a null where a value belongs, a `decision` and a
// `status` that contradict each other. Members that are not named here are passed over.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace warrant::core {

// The limits are the answerer's wishes. The caller takes them only where they are narrower than the request and the policy.
struct Approved {
    std::optional<int64_t> ttl_s;       // seconds from now, 1 .. 2147483647
    std::optional<int64_t> max_uses;    // 1 .. 2147483647
    std::optional<int64_t> max_rows;    // 1 ..
    std::string approver;               // approver.id, or empty. A claim, unless a valid decision_jws says the same
    std::string reason;                 // or empty
    std::string decision_jws;           // as sent, unverified, or empty
};

struct Denied {
    std::string approver;
    std::string reason;
    std::string decision_jws;
};

struct Pending {
    std::optional<int64_t> poll_after_s;    // seconds, 1 .. 2147483647
};

struct AnswerError {
    std::string reason;    // lower case, no full stop; holds nothing of the answer, so that it may be logged
};

using DecisionAnswer = std::variant<Approved, Denied, Pending, AnswerError>;

// What came back over HTTP.
struct HttpAnswer {
    int status;
    std::string_view request_id;    // the header X-Request-ID when there was exactly one, else empty
    std::string_view body;
};

DecisionAnswer ReadDecisionAnswer(const HttpAnswer& answer, std::string_view request_id) noexcept;

}    // namespace warrant::core
