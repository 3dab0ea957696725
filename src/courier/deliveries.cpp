#include "courier/deliveries.hpp"

#include "core/json.hpp"
#include "core/standard_webhooks.hpp"
#include "courier/webhook_call.hpp"

#include <algorithm>
#include <chrono>
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

int64_t NowMs() { return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Whether a status says nothing final of the request: there was no answer, or one that says that another will come. 408, 425 and 429 are about the
// moment.
bool IsPassing(int status) { return status < 400 || status >= 500 || status == 408 || status == 425 || status == 429; }
constexpr int status_gone = 410;

// Whether the webhook's side is in trouble, so that it should be left alone.
bool IsTrouble(const core::HttpResult& result) {
    using Outcome = core::HttpResult::Outcome;
    return result.outcome == Outcome::TimedOut || result.outcome == Outcome::Failed ||
           (result.outcome == Outcome::Answered && (result.status >= 500 || result.status == 429));
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

void Deliveries::Fail(int64_t delivery_id, const Failure& failure) {
    constexpr int64_t longest_s = 24 * 3600;    // no request waits for longer
    JsonWriter json = Begun(delivery_id, "error");
    json.Member("error", Clean(failure.error)).Member("may_repeat", failure.may_repeat);
    if (failure.retry_after_s > 0)
        json.Member("retry_after_s", std::min(failure.retry_after_s, longest_s));
    if (failure.gone)
        json.Member("gone", true);
    answers_.push_back(json.EndObject().Take());
}

// Takes what a call tells about the webhook behind it.
void Deliveries::Watch(const core::HttpResult& result, const std::string& webhook) {
    core::CircuitBreaker& breaker = breakers_[webhook];
    int64_t now = NowMs();
    if (!IsTrouble(result))
        breaker.Succeeded(now);
    else if (breaker.Failed(now))
        notes_.push_back("webhook \"" + webhook + "\" is left alone for " + std::to_string((breaker.until_ms() - now) / 1000) + " s");
}

void Deliveries::Begin(int64_t delivery_id, std::string_view json) {
    auto read = ReadWebhookCall(json);
    if (const auto* error = std::get_if<std::string>(&read))
        return Fail(delivery_id, {.error = *error, .may_repeat = false});
    WebhookCall& letter = std::get<WebhookCall>(read);
    core::CircuitBreaker& breaker = breakers_[letter.webhook];
    if (int64_t wait_ms = breaker.until_ms() - NowMs(); breaker.IsOpen(NowMs()))
        return Fail(delivery_id, {.error = "the webhook has failed too often and is left alone for a while", .retry_after_s = wait_ms / 1000 + 1});
    int64_t now = std::time(nullptr);
    auto keys = secrets_.Find(letter.secret_name);
    if (keys.empty()) {    // it may be about to be put there
        missed_key_ = true;
        return Fail(delivery_id, {.error = secrets_.WhyNone(letter.secret_name)});
    }
    auto signature = core::SignWebhook(letter.request_id, now, letter.call.body, keys);
    if (!signature)
        return Fail(delivery_id, {.error = "it could not be signed"});
    letter.call.headers = {"content-type: application/json", "webhook-id: " + letter.request_id, "webhook-timestamp: " + std::to_string(now),
                           "webhook-signature: " + *signature, "x-request-id: " + letter.request_id};
    auto started = client_.Start(letter.call);
    if (const auto* error = std::get_if<std::string>(&started))
        return Fail(delivery_id, {.error = *error});
    breaker.Begun();
    running_.emplace(std::get<uint64_t>(started), Sent{delivery_id, letter.request_id, letter.webhook});
}

void Deliveries::Perform() {
    client_.Perform();
    while (auto result = client_.Take()) {
        auto sent = running_.find(result->id);
        if (sent == running_.end())
            continue;
        Watch(*result, sent->second.webhook);
        Conclude(*result, sent->second);
        running_.erase(sent);
    }
}

// The limit of an answer that nobody would keep, or empty: to pass over a limit would widen what was approved.
std::string Deliveries::LostLimit(const core::Approved& approved) const {
    if (approved.max_rows)
        return "the answer limits rows, which this release cannot keep";
    if (approved.max_uses && !keeps_uses_)
        return "the answer limits uses, which the extension keeps after ALTER EXTENSION pg_warrant UPDATE";
    return "";
}

void Deliveries::Conclude(const core::HttpResult& result, const Sent& sent) {
    using Outcome = core::HttpResult::Outcome;
    if (result.outcome != Outcome::Answered)
        return Fail(sent.delivery_id, {.error = result.error});
    auto answer = core::ReadDecisionAnswer({result.status, result.Header("x-request-id"), result.body}, sent.request_id);
    if (const auto* error = std::get_if<core::AnswerError>(&answer))
        return Fail(sent.delivery_id, {.error = error->reason,
                                       .may_repeat = IsPassing(result.status),
                                       .retry_after_s = result.retry_after_s,
                                       .gone = result.status == status_gone});
    if (const auto* approved = std::get_if<core::Approved>(&answer)) {
        if (std::string problem = LostLimit(*approved); !problem.empty())
            return Fail(sent.delivery_id, {.error = problem});
        answers_.push_back(Begun(sent.delivery_id, "approved")
                               .Optional("ttl_s", approved->ttl_s)
                               .Optional("max_uses", approved->max_uses)
                               .Member("approver", Clean(approved->approver))
                               .Member("reason", Clean(approved->reason))
                               .EndObject()
                               .Take());
    } else if (const auto* denied = std::get_if<core::Denied>(&answer)) {
        answers_.push_back(
            Begun(sent.delivery_id, "denied").Member("approver", Clean(denied->approver)).Member("reason", Clean(denied->reason)).EndObject().Take());
    } else {
        answers_.push_back(Begun(sent.delivery_id, "pending").EndObject().Take());
    }
}

}    // namespace warrant
