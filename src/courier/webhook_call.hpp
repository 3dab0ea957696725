// One delivery as warrant_internal.claim_deliveries hands it over, made into a call. One row always makes one body, so that
// every attempt sends the same bytes.
#pragma once
#ifdef POSTGRES_H
#error "knows no server: include it before pg/server.hpp"
#endif

#include "core/http_call.hpp"
#include "courier/kinds.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace warrant {

struct WebhookCall {
    core::HttpCall call;    // complete but for the headers that are signed
    const WebhookKind* kind;
    std::string message_id;
    std::string secret_name;
    std::string webhook;    // its name; empty from the SQL of an older release
};

// The call that the UTF-8 JSON describes; or what is wrong with it. Throws only when memory is out.
std::variant<WebhookCall, std::string> ReadWebhookCall(std::string_view json);

}    // namespace warrant
