#include "core/standard_webhooks.hpp"

#include "core/base64.hpp"

#include <charconv>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace warrant::core {

namespace {

constexpr std::string_view key_prefix = "whsec_";
constexpr std::string_view scheme = "v1,";
constexpr size_t smallest_key = 24;
constexpr size_t largest_key = 64;

std::string SignedBytes(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string bytes;
    bytes.reserve(id.size() + timestamp.size() + body.size() + 2);
    return bytes.append(id).append(".").append(timestamp).append(".").append(body);
}

bool IsId(std::string_view id) { return !id.empty() && id.find('.') == std::string_view::npos; }

// HMAC-SHA256 as base64.
std::optional<std::string> Signature(const WebhookKey& key, std::string_view message) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (!HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()), reinterpret_cast<const unsigned char*>(message.data()),
              message.size(), mac, &length)) {
        return std::nullopt;
    }
    return EncodeBase64({reinterpret_cast<const char*>(mac), length});
}

}    // namespace

std::optional<WebhookKey> WebhookKey::Parse(std::string_view text) {
    if (!text.starts_with(key_prefix) || text.size() > 128) {
        return std::nullopt;
    }
    std::optional<std::string> bytes = DecodeBase64(text.substr(key_prefix.size()));
    if (!bytes) {
        return std::nullopt;
    }
    WebhookKey key(std::move(*bytes));
    if (key.bytes_.size() < smallest_key || key.bytes_.size() > largest_key) {
        return std::nullopt;
    }
    return key;
}

WebhookKey& WebhookKey::operator=(WebhookKey&& other) noexcept {
    if (this != &other) {
        Wipe();
        bytes_ = std::move(other.bytes_);
    }
    return *this;
}

WebhookKey::~WebhookKey() { Wipe(); }

void WebhookKey::Wipe() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::optional<std::string> SignWebhook(std::string_view id, int64_t timestamp, std::string_view body, std::span<const WebhookKey> keys) {
    if (keys.empty() || !IsId(id)) {
        return std::nullopt;
    }
    std::string message = SignedBytes(id, std::to_string(timestamp), body);
    std::string signatures;
    for (const WebhookKey& key : keys) {
        std::optional<std::string> signature = Signature(key, message);
        if (!signature) {
            return std::nullopt;
        }
        signatures.append(signatures.empty() ? "" : " ").append(scheme).append(*signature);
    }
    return signatures;
}

WebhookVerdict VerifyWebhook(const WebhookHeaders& headers, std::string_view body, std::span<const WebhookKey> keys, int64_t now) {
    if (!IsId(headers.id) || headers.timestamp.empty() || headers.signature.empty()) {
        return WebhookVerdict::MissingHeader;
    }
    int64_t timestamp = 0;
    const char* end = headers.timestamp.data() + headers.timestamp.size();
    auto [read, error] = std::from_chars(headers.timestamp.data(), end, timestamp);
    if (error != std::errc() || read != end || timestamp < 0) {
        return WebhookVerdict::BadTimestamp;
    }
    if (timestamp < now - webhook_tolerance) {
        return WebhookVerdict::TooOld;
    }
    if (timestamp > now + webhook_tolerance) {
        return WebhookVerdict::TooNew;
    }

    std::string message = SignedBytes(headers.id, headers.timestamp, body);
    for (const WebhookKey& key : keys) {
        std::optional<std::string> expected = Signature(key, message);
        for (std::string_view rest = headers.signature; expected && !rest.empty();) {
            std::string_view given = rest.substr(0, rest.find(' '));
            rest.remove_prefix(given.size() < rest.size() ? given.size() + 1 : given.size());
            if (given.starts_with(scheme) && given.size() == scheme.size() + expected->size() &&
                CRYPTO_memcmp(given.data() + scheme.size(), expected->data(), expected->size()) == 0) {
                return WebhookVerdict::Valid;
            }
        }
    }
    return WebhookVerdict::NoMatch;
}

}    // namespace warrant::core
