// The approval webhook's body, byte for byte, with everything in it and with the least.
#include "core/webhook_request.hpp"

#include "core/json.hpp"

#include <gtest/gtest.h>

using namespace warrant::core;

namespace {

WebhookRequest Full() {
    WebhookRequest request;
    request.request_id = "req_0190f2a4";
    request.subject = {"alice", "alice", "clerk", "CN=alice", "192.0.2.7", "psql", 4711};
    request.action = {"UPDATE", "UPDATE orders SET note = 'say \"no\"'", "ab12", 1};
    request.items = {{"pg_table", "db.public.orders", 16384, "r", {"UPDATE", "SELECT"}, {"note"}},
                     {"pg_table", "db.public.customers", 16390, "r", {"SELECT"}, {}}};
    request.nonce = "n0nce";
    request.requested_at = 1763811187'000000;
    request.expires_at = 1763897587'000000;
    request.reason = "typo";
    request.ticket = "OPS-7";
    request.profile = "temporary_editor";
    request.requested_duration_s = 1800;
    request.policy = "protect public.orders";
    request.system_identifier = "7575030000000000001";
    request.cluster_name = "main";
    return request;
}

}    // namespace

TEST(WebhookRequest, WritesEverything) {
    EXPECT_EQ(
        WriteWebhookRequest(Full()),
        R"({"subject":{"type":"db_role","id":"alice","properties":{"session_user":"alice","current_user":"clerk","authn_id":"CN=alice",)"
        R"("client_addr":"192.0.2.7","application_name":"psql","pid":4711}},)"
        R"("action":{"name":"UPDATE","properties":{"command_tag":"UPDATE","statement":"UPDATE orders SET note = 'say \"no\"'",)"
        R"("statement_sha256":"ab12","estimated_rows":1}},)"
        R"("resource":{"type":"pg_table","id":"db.public.orders","properties":{"oid":16384,"relkind":"r","columns":["note"]}},)"
        R"("context":{"request_id":"req_0190f2a4","items":[{"object":"db.public.orders","commands":["UPDATE","SELECT"],"columns":["note"]},)"
        R"({"object":"db.public.customers","commands":["SELECT"],"columns":[]}],"nonce":"n0nce",)"
        R"("requested_at":"2025-11-22T11:33:07.000000Z","expires_at":"2025-11-23T11:33:07.000000Z","reason":"typo","ticket":"OPS-7","profile":"temporary_editor",)"
        R"("requested_duration_s":1800,"policy":"protect public.orders",)"
        R"("cluster":{"system_identifier":"7575030000000000001","name":"main"}}})");
}

TEST(WebhookRequest, LeavesOutWhatIsAbsent) {
    WebhookRequest request;
    request.request_id = "req_1";
    request.subject.id = request.subject.session_user = request.subject.current_user = "bob";
    request.items = {{"pg_schema", "db.sales", {}, {}, {"SELECT"}, {}}};
    request.requested_at = request.expires_at = 0;
    EXPECT_EQ(WriteWebhookRequest(request),
              R"({"subject":{"type":"db_role","id":"bob","properties":{"session_user":"bob","current_user":"bob"}},)"
              R"("action":{"name":"SELECT","properties":{}},"resource":{"type":"pg_schema","id":"db.sales","properties":{"columns":[]}},)"
              R"("context":{"request_id":"req_1","items":[{"object":"db.sales","commands":["SELECT"],"columns":[]}],"nonce":"",)"
              R"("requested_at":"1970-01-01T00:00:00.000000Z","expires_at":"1970-01-01T00:00:00.000000Z",)"
              R"("cluster":{"system_identifier":"","name":""}}})");
}

// A name chosen to look like the end of its string changes nothing around it.
TEST(WebhookRequest, CannotBeBrokenOutOf) {
    WebhookRequest request = Full();
    request.subject.application_name = "\",\"id\":\"postgres\"}}\n\x01";
    request.action.statement = "caf\xE9";
    auto parsed = ParseJson(WriteWebhookRequest(request));
    ASSERT_TRUE(std::holds_alternative<JsonValue>(parsed)) << std::get<JsonError>(parsed).reason;
    const JsonValue* subject = std::get<JsonValue>(parsed).Find("subject");
    EXPECT_EQ(*subject->Find("id")->String(), "alice");
    EXPECT_EQ(*subject->Find("properties")->Find("application_name")->String(), *request.subject.application_name);
}
