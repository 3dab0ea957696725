// The approval webhook: it is sent a request, and its answer is one vote.
#include "core/decision_answer.hpp"
#include "core/webhook_request.hpp"
#include "courier/kinds.hpp"

namespace warrant {

namespace {

using core::JsonValue;

core::RequestSubject ReadSubject(const JsonValue& origin) {
    return {.id = origin.Text("session_user_name"),
            .session_user = origin.Text("session_user_name"),
            .current_user = origin.Text("current_user_name"),
            .authn_id = origin.OptionalText("authn_id"),
            .client_addr = origin.OptionalText("client_addr"),
            .application_name = origin.OptionalText("application_name"),
            .pid = origin.OptionalNumber("pid")};
}

std::vector<core::RequestItem> ReadItems(const JsonValue& list) {
    std::vector<core::RequestItem> items;
    for (const JsonValue& item : list.elements()) {
        items.push_back({.type = item.Text("type"),
                         .object = item.Text("object"),
                         .oid = item.OptionalNumber("oid"),
                         .relkind = item.OptionalText("relkind"),
                         .commands = {},
                         .columns = {}});
        for (const JsonValue& command : item.Part("commands").elements())
            if (command.String() != nullptr)
                items.back().commands.push_back(*command.String());
    }
    return items;
}

core::WebhookRequest ReadRequest(const JsonValue& facts) {
    return {.request_id = facts.Text("request_id"),
            .subject = ReadSubject(facts.Part("subject")),
            .action = {.command_tag = facts.OptionalText("command_tag"),
                       .statement = facts.OptionalText("statement"),
                       .statement_sha256 = facts.OptionalText("statement_sha256"),
                       .estimated_rows = facts.OptionalNumber("estimated_rows")},
            .items = ReadItems(facts.Part("items")),
            .nonce = facts.Text("nonce"),
            .requested_at = facts.OptionalNumber("requested_at_us").value_or(0),
            .expires_at = facts.OptionalNumber("expires_at_us").value_or(0),
            .reason = facts.OptionalText("reason"),
            .ticket = facts.OptionalText("ticket"),
            .profile = facts.OptionalText("profile"),
            .requested_duration_s = facts.OptionalNumber("duration_s"),
            .requested_max_rows = facts.OptionalNumber("max_rows"),
            .policy = facts.OptionalText("policy"),
            .system_identifier = facts.Text("system_identifier"),
            .cluster_name = facts.Text("cluster_name")};
}

Message Write(const JsonValue& facts) {
    core::WebhookRequest request = ReadRequest(facts);
    return {request.request_id, core::WriteWebhookRequest(request)};
}

// The limit of an answer that nobody would keep, or empty: to pass over a limit would widen what was approved.
std::string LostLimit(const core::Approved& approved, const KeptLimits& keeps) {
    if (approved.max_rows && !keeps.rows)
        return "the answer limits rows, which the extension keeps after ALTER EXTENSION pg_warrant UPDATE";
    if (approved.max_uses && !keeps.uses)
        return "the answer limits uses, which the extension keeps after ALTER EXTENSION pg_warrant UPDATE";
    return "";
}

std::string Read(const core::HttpResult& answer, std::string_view message_id, const KeptLimits& keeps, core::JsonWriter* report) {
    auto read = core::ReadDecisionAnswer({answer.status, answer.Header("x-request-id"), answer.body}, message_id);
    if (const auto* error = std::get_if<core::AnswerError>(&read))
        return error->reason;
    if (const auto* approved = std::get_if<core::Approved>(&read)) {
        report->Member("outcome", "approved")
            .Optional("ttl_s", approved->ttl_s)
            .Optional("max_uses", approved->max_uses)
            .Optional("max_rows", approved->max_rows);
        report->Member("approver", Shortened(approved->approver)).Member("reason", Shortened(approved->reason));
        return LostLimit(*approved, keeps);
    }
    if (const auto* denied = std::get_if<core::Denied>(&read))
        report->Member("outcome", "denied").Member("approver", Shortened(denied->approver)).Member("reason", Shortened(denied->reason));
    else
        report->Member("outcome", "pending");
    return "";
}

}    // namespace

const WebhookKind decision_kind = {"decision", Write, Read};

}    // namespace warrant
