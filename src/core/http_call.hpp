// One POST and what became of it.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include "core/destination.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warrant::core {

constexpr size_t http_body_limit = 64 * 1024;      // of an answer, bytes
constexpr size_t http_header_limit = 16 * 1024;    // of an answer, bytes, all header lines together

struct HttpCall {
    // https; http only to a loopback address or over a unix socket. No user name or password in it.
    std::string url;
    std::vector<std::string> headers;    // "name: value"; content-type is the caller's to say
    std::string body;
    int connect_timeout_ms = 1000;    // name, connection and TLS handshake
    int timeout_ms = 3000;            // everything
    // Addresses that are refused otherwise (destination.hpp). With a proxy it is the proxy's address that is checked.
    std::vector<Network> allowed;

    // Each of these may be empty: none, or the system's own.
    std::string unix_socket;           // path; the host in the url is then only a name
    std::string ca_file;               // PEM; the only authorities that are trusted
    std::string client_certificate;    // PEM file
    std::string client_key;            // PEM file
    std::string pinned_key;            // sha256//<base64>[;sha256//...] of the server's public key
    std::string proxy;                 // url; the environment is never asked
};

struct HttpHeader {
    std::string name;    // lower case
    std::string value;
};

struct HttpResult {
    enum class Outcome : uint8_t {
        Answered,    // a whole answer, of any status
        TimedOut,
        Forbidden,    // the destination
        TooLarge,     // the answer's headers or body
        Failed,       // name, connection, certificate, protocol
    };

    uint64_t id = 0;    // from HttpClient::Start
    Outcome outcome = Outcome::Failed;
    // False when not one line of an answer came back, so that the call may be repeated.
    bool bytes_received = false;
    int64_t duration_us = 0;
    std::string error;    // what happened, unless Answered. Names hosts and addresses, never the url's path or a header

    // These have values only when the outcome is Answered.
    int status = 0;
    int64_t retry_after_s = 0;    // Retry-After, as seconds or as a date; 0: none
    std::vector<HttpHeader> headers;
    std::string body;

    // The value of a header, by its lower-case name, when there is exactly one; else empty.
    std::string_view Header(std::string_view name) const {
        std::string_view value;
        bool found = false;
        for (const HttpHeader& header : headers) {
            if (header.name == name) {
                value = found ? std::string_view() : std::string_view(header.value);
                if (found) {
                    break;
                }
                found = true;
            }
        }
        return value;
    }
};

}    // namespace warrant::core
