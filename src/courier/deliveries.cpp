#include "courier/deliveries.hpp"

#include "core/guards.hpp"
#include "core/json.hpp"
#include "core/standard_webhooks.hpp"
#include "courier/letter.hpp"

#include <ctime>

namespace warrant {

namespace {

constexpr size_t longest_text = 1000;    // bytes of a reason, a name or an error that are kept

using core::JsonWriter;

JsonWriter Begun(int64_t delivery_id, std::string_view outcome) {
    JsonWriter json;
    json.BeginObject().Member("delivery_id", delivery_id).Member("outcome", outcome);
    return json;
}

}    // namespace

std::string Deliveries::Clean(std::string_view text) const {
    size_t end = text.size();
    if (end > longest_text)
        for (end = longest_text; end > 0 && (text[end] & 0xC0) == 0x80;)
            end--;
    std::string clean(text.substr(0, end));
    for (char& byte : clean)
        if (ascii_ && (byte & 0x80) != 0)
            byte = '?';
    return clean;
}

void Deliveries::Fail(int64_t delivery_id, std::string_view error, bool may_repeat) {
    answers_.push_back(
        Begun(delivery_id, "error").Member("error", Clean(error)).Member("may_repeat", may_repeat).EndObject().Take());
}

void Deliveries::Begin(int64_t delivery_id, std::string_view json) {
    auto read = ReadLetter(json);
    if (const auto* error = std::get_if<std::string>(&read))
        return Fail(delivery_id, *error, false);
    Letter& letter = std::get<Letter>(read);
    int64_t now = std::time(nullptr);
    auto keys = secrets_.Find(letter.secret_name);
    if (keys.empty())
        return Fail(delivery_id, "pg_warrant.secret_file has no key named \"" + letter.secret_name + "\"", false);
    auto signature = core::SignWebhook(letter.request_id, now, core::IsOff("signed_body") ? "" : letter.call.body, keys);
    if (!signature)
        return Fail(delivery_id, "it could not be signed", false);
    letter.call.headers = {"content-type: application/json", "webhook-id: " + letter.request_id,
                           "webhook-timestamp: " + std::to_string(now), "webhook-signature: " + *signature,
                           "x-request-id: " + letter.request_id};
    auto started = client_.Start(letter.call);
    if (const auto* error = std::get_if<std::string>(&started))
        return Fail(delivery_id, *error, false);
    running_.emplace(std::get<uint64_t>(started), Sent{delivery_id, letter.request_id});
}

void Deliveries::Perform() {
    client_.Perform();
    while (auto result = client_.Take()) {
        auto sent = running_.find(result->id);
        if (sent == running_.end())
            continue;
        Conclude(*result, sent->second);
        running_.erase(sent);
    }
}

// What the answer limits and nobody would keep, or empty: to pass over a limit would widen what was approved.
std::string Deliveries::LostLimit(const core::Approved& approved) const {
    if (core::IsOff("answer_limits"))
        return "";
    if (approved.max_rows)
        return "the answer limits rows, which this release cannot keep";
    if (approved.max_uses && !keeps_uses_)
        return "the answer limits uses, which the extension keeps after ALTER EXTENSION pg_warrant UPDATE";
    return "";
}

void Deliveries::Conclude(const core::HttpResult& result, const Sent& sent) {
    using Outcome = core::HttpResult::Outcome;
    if (result.outcome != Outcome::Answered) {
        bool unheard = !result.bytes_received && (result.outcome == Outcome::TimedOut || result.outcome == Outcome::Failed);
        return Fail(sent.delivery_id, result.error, unheard);
    }
    auto answer = core::ReadDecisionAnswer({result.status, result.Header("x-request-id"), result.body}, sent.request_id);
    if (const auto* error = std::get_if<core::AnswerError>(&answer))
        return Fail(sent.delivery_id, error->reason, false);
    if (const auto* approved = std::get_if<core::Approved>(&answer)) {
        if (std::string problem = LostLimit(*approved); !problem.empty())
            return Fail(sent.delivery_id, problem, false);
        answers_.push_back(Begun(sent.delivery_id, "approved")
                               .Optional("ttl_s", approved->ttl_s)
                               .Optional("max_uses", approved->max_uses)
                               .Member("approver", Clean(approved->approver))
                               .Member("reason", Clean(approved->reason))
                               .EndObject()
                               .Take());
    } else if (const auto* denied = std::get_if<core::Denied>(&answer)) {
        answers_.push_back(Begun(sent.delivery_id, "denied")
                               .Member("approver", Clean(denied->approver))
                               .Member("reason", Clean(denied->reason))
                               .EndObject()
                               .Take());
    } else {
        answers_.push_back(Begun(sent.delivery_id, "pending").EndObject().Take());
    }
}

}    // namespace warrant
