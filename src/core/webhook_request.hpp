// The body of an approval webhook: an AuthZEN Authorization API 1.0 evaluation request with this product's context.
//
// The resource and the action name are the first item's; a receiver that wants all of them reads context.items. Absent values
// leave no member. Everything is text that the receiver shows or compares; nothing here is a secret. Throws only when memory is
// out.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warrant::core {

// Who asks: a session as the server knows it.
struct RequestSubject {
    std::string id;    // the role that the gate judges
    std::string session_user;
    std::string current_user;
    std::optional<std::string> authn_id;
    std::optional<std::string> client_addr;    // none on a unix socket
    std::optional<std::string> application_name;
    std::optional<int64_t> pid;
};

// What the subject wants to run. A request made ahead of time has no statement.
struct RequestAction {
    std::optional<std::string> command_tag;
    std::optional<std::string> statement;           // UTF-8; other bytes become U+FFFD
    std::optional<std::string> statement_sha256;    // hex, of all of it
    std::optional<int64_t> estimated_rows;
};

// One thing that needs approval.
struct RequestItem {
    std::string type = "pg_table";    // pg_table, pg_view, pg_schema, pg_database, ...
    std::string object;               // db.schema.name
    std::optional<int64_t> oid;
    std::optional<std::string> relkind;
    std::vector<std::string> commands;
    std::vector<std::string> columns;    // empty: all
};

struct WebhookRequest {
    std::string request_id;    // the webhook-id: req_<uuid hex>
    RequestSubject subject;
    RequestAction action;
    std::vector<RequestItem> items;    // at least one
    std::string nonce;
    int64_t requested_at;    // microseconds since 1970
    int64_t expires_at;      // microseconds since 1970
    std::optional<std::string> reason;
    std::optional<std::string> ticket;
    std::optional<std::string> profile;    // by whose name it was asked for
    std::optional<int64_t> requested_duration_s;
    std::optional<int64_t> requested_max_rows;    // of each statement; of the policy, where nobody asked for fewer
    std::optional<std::string> policy;
    std::string system_identifier;    // decimal; text, because it is more than JavaScript's numbers hold
    std::string cluster_name;
};

// Compact JSON. These bytes are what is signed and sent: build once, keep for the retries.
std::string WriteWebhookRequest(const WebhookRequest& request);

}    // namespace warrant::core
