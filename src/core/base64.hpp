// Base64 (RFC 4648 section 4), strictly: padded, nothing ignored; each sequence of bytes has one text, and each text stands for one sequence.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <optional>
#include <string>
#include <string_view>

namespace warrant::core {

std::string EncodeBase64(std::string_view bytes);

// Nothing when the text is not exactly what EncodeBase64 would have written: white space, missing or superfluous padding,
// another alphabet, or bits that do not count.
std::optional<std::string> DecodeBase64(std::string_view text);

}    // namespace warrant::core
