// The kinds of webhooks: what a delivery to one of each kind says, and what its answer means.
//
// Each kind has a file of its own, and stands in `kinds`. Everything here may throw when memory is out, and throws nothing else.
#pragma once
#ifdef POSTGRES_H
#error "knows no server: include it before pg/server.hpp"
#endif

#include "core/http_call.hpp"
#include "core/json.hpp"

#include <string>
#include <string_view>

namespace warrant {

struct Message {
    std::string id;    // webhook-id: the same for each attempt
    std::string body;
};

// Which limits of an answer the script that is installed keeps.
struct KeptLimits {
    bool uses = false;
    bool rows = false;
};

struct WebhookKind {
    std::string_view name;    // as warrant.webhooks has it
    // The message that the facts of a delivery are. The same facts always make the same bytes.
    Message (*write)(const core::JsonValue& facts);
    // Adds to the report what the answer means: its outcome, and what else do_webhook_answer reads. Or returns why it means nothing: lower case, no
    // full stop; what was added is thrown away. keeps: without it a limit makes the answer void.
    std::string (*read)(const core::HttpResult& answer, std::string_view message_id, const KeptLimits& keeps, core::JsonWriter* report);
};

extern const WebhookKind decision_kind;

inline constexpr const WebhookKind* kinds[] = {&decision_kind};

// Cuts a text from outside, a reason, a name or an error, to what is kept of it; between two characters.
inline std::string_view Shortened(std::string_view text) {
    constexpr size_t longest = 1000;    // bytes
    size_t end = text.size();
    if (end > longest)
        for (end = longest; end > 0 && (text[end] & 0xC0) == 0x80;)
            end--;
    return text.substr(0, end);
}

}    // namespace warrant
