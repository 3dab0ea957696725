#include "courier/webhook_call.hpp"

#include "core/json.hpp"

#include <algorithm>

namespace warrant {

namespace {

using core::JsonValue;

// The SQL of an older release knows one kind, and does not name it. nullptr for a kind that a newer one has brought.
const WebhookKind* FindKind(const JsonValue& row) {
    std::string name = row.OptionalText("kind").value_or(std::string(decision_kind.name));
    for (const WebhookKind* kind : kinds)
        if (kind->name == name)
            return kind;
    return nullptr;
}

}    // namespace

std::variant<WebhookCall, std::string> ReadWebhookCall(std::string_view json) {
    constexpr core::JsonLimits limits = {.bytes = 1024 * 1024, .depth = 16};
    auto read = core::ParseJson(json, limits);
    if (const auto* error = std::get_if<core::JsonError>(&read))
        return "the delivery cannot be read: " + error->reason;
    const JsonValue& row = std::get<JsonValue>(read);
    WebhookCall letter;
    letter.kind = FindKind(row);
    if (letter.kind == nullptr)
        return "the webhook's kind is not known";
    letter.secret_name = row.Text("secret_name");
    letter.webhook = row.Text("webhook");
    letter.call.url = row.Text("url");
    letter.call.ca_file = row.Text("ca_file");
    letter.call.timeout_ms = int(row.OptionalNumber("timeout_ms").value_or(letter.call.timeout_ms));
    letter.call.connect_timeout_ms = std::min(letter.call.connect_timeout_ms, letter.call.timeout_ms);
    for (const JsonValue& element : row.Part("allowed_networks").elements())
        if (auto network = core::ParseNetwork(element.String() == nullptr ? "" : *element.String()))
            letter.call.allowed.push_back(*network);
    Message message = letter.kind->write(row.Part("facts"));
    letter.message_id = message.id;
    letter.call.body = message.body;
    return letter;
}

}    // namespace warrant
