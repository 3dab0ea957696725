#include "courier/deliveries.hpp"

#include "core/json.hpp"
#include "core/standard_webhooks.hpp"
#include "courier/webhook_call.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace warrant {

namespace {

using core::JsonWriter;

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

// Ends the report, an object that is begun, and puts it behind those that are there.
void Deliveries::LineUp(JsonWriter* report) {
    std::string text = report->EndObject().Take();
    for (char& byte : text)
        if (ascii_ && (byte & 0x80) != 0)
            byte = '?';
    answers_.push_back(std::move(text));
}

void Deliveries::Fail(int64_t delivery_id, const Failure& failure) {
    constexpr int64_t longest_s = 24 * 3600;    // no request waits for longer
    JsonWriter report;
    report.BeginObject().Member("delivery_id", delivery_id).Member("outcome", "error");
    report.Member("error", Shortened(failure.error)).Member("may_repeat", failure.may_repeat);
    if (failure.retry_after_s > 0)
        report.Member("retry_after_s", std::min(failure.retry_after_s, longest_s));
    if (failure.gone)
        report.Member("gone", true);
    LineUp(&report);
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
    auto signature = core::SignWebhook(letter.message_id, now, letter.call.body, keys);
    if (!signature)
        return Fail(delivery_id, {.error = "it could not be signed"});
    letter.call.headers = {"content-type: application/json", "webhook-id: " + letter.message_id, "webhook-timestamp: " + std::to_string(now),
                           "webhook-signature: " + *signature, "x-request-id: " + letter.message_id};
    auto started = client_.Start(letter.call);
    if (const auto* error = std::get_if<std::string>(&started))
        return Fail(delivery_id, {.error = *error});
    breaker.Begun();
    running_.emplace(std::get<uint64_t>(started), Sent{delivery_id, letter.kind, letter.message_id, letter.webhook});
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

void Deliveries::Conclude(const core::HttpResult& result, const Sent& sent) {
    if (result.outcome != core::HttpResult::Outcome::Answered)
        return Fail(sent.delivery_id, {.error = result.error});
    JsonWriter report;
    report.BeginObject().Member("delivery_id", sent.delivery_id);
    std::string error = sent.kind->read(result, sent.message_id, keeps_, &report);
    if (error.empty())
        LineUp(&report);
    else
        Fail(sent.delivery_id,
             {.error = error, .may_repeat = IsPassing(result.status), .retry_after_s = result.retry_after_s, .gone = result.status == status_gone});
}

}    // namespace warrant
