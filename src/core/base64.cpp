#include "core/base64.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace warrant::core {

std::string EncodeBase64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');    // and the NUL that OpenSSL writes
    int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(length));
    return text;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    std::string bytes(text.size() / 4 * 3, '\0');
    int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                 static_cast<int>(text.size()));
    if (length != static_cast<int>(bytes.size())) {
        return std::nullopt;
    }
    // OpenSSL counts the padding as bytes, trims white space and overlooks bits: whatever it overlooked does not come back.
    bytes.erase(bytes.size() - (text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0));
    std::string again = EncodeBase64(bytes);
    bool same = again == text;
    OPENSSL_cleanse(again.data(), again.size());    // it may have been a key
    if (!same) {
        OPENSSL_cleanse(bytes.data(), bytes.size());
        return std::nullopt;
    }
    return bytes;
}

}    // namespace warrant::core
