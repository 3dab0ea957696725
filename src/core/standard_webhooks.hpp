// Standard Webhooks 1.0, scheme v1: HMAC-SHA256 over `{id}.{timestamp}.{body}`, in three headers beside the body.
//
// A delivery is signed with every current key, so that keys can be changed without a gap. Verifying is here for tests and for
// receivers that are databases themselves. Nothing here throws, except when memory is out.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warrant::core {

// How far a timestamp may be from now, either way, in seconds.
constexpr int64_t webhook_tolerance = 5 * 60;

// A symmetric key. Owns its bytes and wipes them; never printed.
class WebhookKey {
  public:
    // From its text: `whsec_` and the base64 of 24 to 64 bytes. Nothing for anything else. The prefix is required, unlike in
    // the reference libraries: a password put into the wrong line of a secret file is not to become a key.
    static std::optional<WebhookKey> Parse(std::string_view text);

    WebhookKey(WebhookKey&&) noexcept = default;
    WebhookKey& operator=(WebhookKey&&) noexcept;
    WebhookKey(const WebhookKey&) = delete;
    WebhookKey& operator=(const WebhookKey&) = delete;
    ~WebhookKey();

    std::string_view bytes() const { return bytes_; }

  private:
    explicit WebhookKey(std::string bytes) : bytes_(std::move(bytes)) {}
    void Wipe();

    std::string bytes_;
};

// The value of the header webhook-signature: `v1,<base64>` for each key, separated by spaces. Nothing when there is no key, the
// id is empty or holds a full stop (which would let two messages share their signed bytes), or OpenSSL fails.
//   id         webhook-id, the same for every attempt
//   timestamp  webhook-timestamp, seconds since 1970, of this attempt
//   body       the exact bytes that are sent
std::optional<std::string> SignWebhook(std::string_view id, int64_t timestamp, std::string_view body, std::span<const WebhookKey> keys);

enum class WebhookVerdict : uint8_t { Valid, MissingHeader, BadTimestamp, TooOld, TooNew, NoMatch };

// The headers as they came, empty where there was none.
struct WebhookHeaders {
    std::string_view id;
    std::string_view timestamp;
    std::string_view signature;
};

// Valid when the timestamp is within the tolerance of `now` (seconds since 1970) and one of the v1 signatures fits one of the
// keys. Signatures of other versions are passed over. Compares in constant time.
WebhookVerdict VerifyWebhook(const WebhookHeaders& headers, std::string_view body, std::span<const WebhookKey> keys, int64_t now);

}    // namespace warrant::core
