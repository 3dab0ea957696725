#include "courier/webhook_call.hpp"

#include "core/json.hpp"
#include "core/webhook_request.hpp"

#include <algorithm>

namespace warrant {

namespace {

using core::JsonValue;

std::optional<std::string> OptionalText(const JsonValue& object, std::string_view name) {
    const JsonValue* value = object.Find(name);
    const std::string* text = value == nullptr ? nullptr : value->String();
    return text == nullptr || text->empty() ? std::nullopt : std::optional(*text);
}

std::string Text(const JsonValue& object, std::string_view name) { return OptionalText(object, name).value_or(""); }

std::optional<int64_t> OptionalNumber(const JsonValue& object, std::string_view name) {
    const JsonValue* value = object.Find(name);
    return value == nullptr ? std::nullopt : value->Int64();
}

const JsonValue& Part(const JsonValue& object, std::string_view name) {
    static const JsonValue none;
    const JsonValue* value = object.Find(name);
    return value == nullptr ? none : *value;
}

core::RequestSubject ReadSubject(const JsonValue& origin) {
    return {.id = Text(origin, "session_user_name"),
            .session_user = Text(origin, "session_user_name"),
            .current_user = Text(origin, "current_user_name"),
            .authn_id = OptionalText(origin, "authn_id"),
            .client_addr = OptionalText(origin, "client_addr"),
            .application_name = OptionalText(origin, "application_name"),
            .pid = OptionalNumber(origin, "pid")};
}

std::vector<core::RequestItem> ReadItems(const JsonValue& list) {
    std::vector<core::RequestItem> items;
    for (const JsonValue& item : list.elements()) {
        items.push_back({.type = Text(item, "type"),
                         .object = Text(item, "object"),
                         .oid = OptionalNumber(item, "oid"),
                         .relkind = OptionalText(item, "relkind"),
                         .commands = {},
                         .columns = {}});
        for (const JsonValue& command : Part(item, "commands").elements())
            if (command.String() != nullptr)
                items.back().commands.push_back(*command.String());
    }
    return items;
}

core::WebhookRequest ReadRequest(const JsonValue& facts) {
    return {.request_id = Text(facts, "request_id"),
            .subject = ReadSubject(Part(facts, "subject")),
            .action = {.command_tag = OptionalText(facts, "command_tag"),
                       .statement = OptionalText(facts, "statement"),
                       .statement_sha256 = OptionalText(facts, "statement_sha256"),
                       .estimated_rows = OptionalNumber(facts, "estimated_rows")},
            .items = ReadItems(Part(facts, "items")),
            .nonce = Text(facts, "nonce"),
            .requested_at = OptionalNumber(facts, "requested_at_us").value_or(0),
            .expires_at = OptionalNumber(facts, "expires_at_us").value_or(0),
            .reason = OptionalText(facts, "reason"),
            .ticket = {},
            .requested_duration_s = OptionalNumber(facts, "duration_s"),
            .policy = OptionalText(facts, "policy"),
            .system_identifier = Text(facts, "system_identifier"),
            .cluster_name = Text(facts, "cluster_name")};
}

}    // namespace

std::variant<WebhookCall, std::string> ReadWebhookCall(std::string_view json) {
    constexpr core::JsonLimits limits = {.bytes = 1024 * 1024, .depth = 16};
    auto read = core::ParseJson(json, limits);
    if (const auto* error = std::get_if<core::JsonError>(&read))
        return "the delivery cannot be read: " + error->reason;
    const JsonValue& row = std::get<JsonValue>(read);
    core::WebhookRequest request = ReadRequest(Part(row, "facts"));
    WebhookCall letter;
    letter.request_id = request.request_id;
    letter.secret_name = Text(row, "secret_name");
    letter.webhook = Text(row, "webhook");
    letter.call.url = Text(row, "url");
    letter.call.ca_file = Text(row, "ca_file");
    letter.call.timeout_ms = int(OptionalNumber(row, "timeout_ms").value_or(letter.call.timeout_ms));
    letter.call.connect_timeout_ms = std::min(letter.call.connect_timeout_ms, letter.call.timeout_ms);
    for (const JsonValue& element : Part(row, "allowed_networks").elements())
        if (auto network = core::ParseNetwork(element.String() == nullptr ? "" : *element.String()))
            letter.call.allowed.push_back(*network);
    letter.call.body = core::WriteWebhookRequest(request);
    return letter;
}

}    // namespace warrant
