#include "core/webhook_request.hpp"

#include "core/json.hpp"
#include "core/rfc3339.hpp"

namespace warrant::core {

namespace {

void WriteSubject(JsonWriter* json, const RequestSubject& subject) {
    json->Key("subject").BeginObject().Member("type", "db_role").Member("id", subject.id).Key("properties").BeginObject();
    json->Member("session_user", subject.session_user).Member("current_user", subject.current_user);
    json->Optional("authn_id", subject.authn_id).Optional("client_addr", subject.client_addr);
    json->Optional("application_name", subject.application_name).Optional("pid", subject.pid).EndObject().EndObject();
}

void WriteAction(JsonWriter* json, const RequestAction& action, const RequestItem& item) {
    json->Key("action").BeginObject().Member("name", item.commands.empty() ? "" : item.commands.front());
    json->Key("properties").BeginObject().Optional("command_tag", action.command_tag).Optional("statement", action.statement);
    json->Optional("statement_sha256", action.statement_sha256).Optional("estimated_rows", action.estimated_rows);
    json->EndObject().EndObject();
}

void WriteResource(JsonWriter* json, const RequestItem& item) {
    json->Key("resource").BeginObject().Member("type", item.type).Member("id", item.object).Key("properties").BeginObject();
    json->Optional("oid", item.oid).Optional("relkind", item.relkind).Member("columns", item.columns).EndObject().EndObject();
}

void WriteItems(JsonWriter* json, const std::vector<RequestItem>& items) {
    json->Key("items").BeginArray();
    for (const RequestItem& item : items) {
        json->BeginObject().Member("object", item.object).Member("commands", item.commands).Member("columns", item.columns).EndObject();
    }
    json->EndArray();
}

void WriteContext(JsonWriter* json, const WebhookRequest& request) {
    json->Key("context").BeginObject().Member("request_id", request.request_id);
    WriteItems(json, request.items);
    json->Member("nonce", request.nonce).Member("requested_at", Rfc3339(request.requested_at));
    json->Member("expires_at", Rfc3339(request.expires_at))
        .Optional("reason", request.reason)
        .Optional("ticket", request.ticket)
        .Optional("profile", request.profile);
    json->Optional("requested_duration_s", request.requested_duration_s).Optional("requested_max_rows", request.requested_max_rows);
    json->Optional("policy", request.policy);
    json->Key("cluster").BeginObject().Member("system_identifier", request.system_identifier);
    json->Member("name", request.cluster_name).EndObject().EndObject();
}

}    // namespace

std::string WriteWebhookRequest(const WebhookRequest& request) {
    const RequestItem none;
    const RequestItem& first = request.items.empty() ? none : request.items.front();
    JsonWriter json;
    json.BeginObject();
    WriteSubject(&json, request.subject);
    WriteAction(&json, request.action, first);
    WriteResource(&json, first);
    WriteContext(&json, request);
    return json.EndObject().Take();
}

}    // namespace warrant::core
