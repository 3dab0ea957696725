// A webhook's signature and key: no made-up header is valid, and what was signed is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base64.hpp"
#include "core/standard_webhooks.hpp"

using namespace warrant::core;

namespace {

constexpr int64_t now = 1'700'000'000;

std::vector<WebhookKey> Keys() {
    std::vector<WebhookKey> keys;
    keys.push_back(*WebhookKey::Parse("whsec_" + EncodeBase64(std::string(32, 'k'))));
    return keys;
}

void Require(bool holds) {
    if (!holds)
        abort();
}

}    // namespace

// Lines: id, timestamp, signature, and the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::vector<WebhookKey> keys = Keys();
    std::string_view rest(reinterpret_cast<const char*>(data), size), parts[3];
    (void)WebhookKey::Parse(rest);
    if (auto bytes = DecodeBase64(rest))
        Require(EncodeBase64(*bytes) == rest);
    for (std::string_view& part : parts) {
        size_t end = rest.find('\n');
        part = rest.substr(0, end);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    Require(VerifyWebhook({parts[0], parts[1], parts[2]}, rest, keys, now) != WebhookVerdict::Valid);
    if (auto signature = SignWebhook(parts[0], now, rest, keys))
        Require(VerifyWebhook({parts[0], std::to_string(now), *signature + ' ' + std::string(parts[2])}, rest, keys, now) == WebhookVerdict::Valid);
    return 0;
}
