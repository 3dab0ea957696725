#include "core/http_transfer.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

#include <netinet/in.h>
#include <sys/socket.h>

namespace warrant::core {

static_assert(LIBCURL_VERSION_NUM >= 0x075700, "libcurl 7.87 or later: CURLOPT_PROTOCOLS_STR, CURLOPT_CA_CACHE_TIMEOUT");

namespace {

constexpr long connection_lifetime_s = 300;

std::optional<Address> AddressOf(const sockaddr* socket_address) {
    if (socket_address->sa_family == AF_INET) {
        Address address{4, {}};
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(socket_address)->sin_addr, 4);
        return address;
    }
    if (socket_address->sa_family == AF_INET6) {
        Address address{16, {}};
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(socket_address)->sin6_addr, 16);
        return address;
    }
    return std::nullopt;
}

bool HasLineBreak(const std::string& text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos; }

// A part of a parsed url, or empty.
std::string UrlPart(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) {
        return {};
    }
    std::string copy(text);
    curl_free(text);
    return copy;
}

template <typename Value>
bool Set(CURL* handle, CURLoption option, Value value) {
    return curl_easy_setopt(handle, option, value) == CURLE_OK;
}

// Sets an option; an empty value leaves libcurl's default.
bool SetText(CURL* handle, CURLoption option, const std::string& value) { return value.empty() || Set(handle, option, value.c_str()); }

}    // namespace

HttpTransfer::HttpTransfer(uint64_t id, const HttpCall& call) : call_(call) { result_.id = id; }

HttpTransfer::~HttpTransfer() {
    curl_easy_cleanup(handle_);
    curl_slist_free_all(headers_);
}

// --- options ---

std::string HttpTransfer::Prepare() {
    if (std::string wrong = CheckUrl(); !wrong.empty()) {
        return wrong;
    }
    if (std::any_of(call_.headers.begin(), call_.headers.end(), HasLineBreak)) {
        return "a header holds a line break";
    }
    if (call_.timeout_ms <= 0 || call_.connect_timeout_ms <= 0) {
        return "a call needs time limits";    // libcurl takes 0 for none
    }
    handle_ = curl_easy_init();
    return handle_ && SetOptions() && SetTransport() ? "" : "libcurl does not take the call's options";
}

std::string HttpTransfer::CheckUrl() {
    std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
    if (!url || HasLineBreak(call_.url) || curl_url_set(url.get(), CURLUPART_URL, call_.url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
        return "the url is not one";
    }
    if (!UrlPart(url.get(), CURLUPART_USER).empty() || !UrlPart(url.get(), CURLUPART_PASSWORD).empty()) {
        return "the url holds a user name or password";
    }
    std::string scheme = UrlPart(url.get(), CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http") {
        return "the url is neither https nor http";
    }
    if (!call_.proxy.empty() && (scheme == "http" || !call_.unix_socket.empty())) {
        return "a proxy carries https only";
    }
    loopback_only_ = scheme == "http";
    return {};
}

// Sets the options of what is sent and received.
bool HttpTransfer::SetOptions() {
    // "Expect:" so that no server makes a body wait for a 100.
    std::vector<std::string> lines = call_.headers;
    lines.push_back("Expect:");
    for (const std::string& line : lines) {
        curl_slist* longer = curl_slist_append(headers_, line.c_str());
        if (!longer) {
            return false;
        }
        headers_ = longer;
    }
    return Set(handle_, CURLOPT_URL, call_.url.c_str()) && Set(handle_, CURLOPT_POST, 1L) &&
           Set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size())) &&
           Set(handle_, CURLOPT_POSTFIELDS, call_.body.data()) && Set(handle_, CURLOPT_HTTPHEADER, headers_) &&
           Set(handle_, CURLOPT_PROXYHEADER, static_cast<curl_slist*>(nullptr)) &&
           Set(handle_, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE)) && Set(handle_, CURLOPT_FOLLOWLOCATION, 0L) &&
           Set(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) && Set(handle_, CURLOPT_HEADERFUNCTION, &HttpTransfer::ReceiveHeader) &&
           Set(handle_, CURLOPT_HEADERDATA, this) && Set(handle_, CURLOPT_WRITEFUNCTION, &HttpTransfer::ReceiveBody) &&
           Set(handle_, CURLOPT_WRITEDATA, this) && Set(handle_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(http_body_limit)) &&
           Set(handle_, CURLOPT_ERRORBUFFER, error_) && Set(handle_, CURLOPT_PRIVATE, this);
}

// Sets the options of how the call gets there.
bool HttpTransfer::SetTransport() {
    bool own_authorities = !call_.ca_file.empty();
    return Set(handle_, CURLOPT_PROTOCOLS_STR, loopback_only_ ? "http" : "https") && Set(handle_, CURLOPT_NOSIGNAL, 1L) &&
           Set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(call_.connect_timeout_ms)) &&
           Set(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(call_.timeout_ms)) &&
           // A resolver that hangs is left behind, not waited for.
           Set(handle_, CURLOPT_QUICK_EXIT, 1L) && Set(handle_, CURLOPT_MAXLIFETIME_CONN, connection_lifetime_s) &&
           Set(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)) && Set(handle_, CURLOPT_PROXY, call_.proxy.c_str()) &&
           Set(handle_, CURLOPT_NOPROXY, "") && SetText(handle_, CURLOPT_UNIX_SOCKET_PATH, call_.unix_socket) &&
           Set(handle_, CURLOPT_SSL_VERIFYPEER, 1L) && Set(handle_, CURLOPT_SSL_VERIFYHOST, 2L) &&
           Set(handle_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) && SetText(handle_, CURLOPT_CAINFO, call_.ca_file) &&
           // Debian's libcurl would trust its directory of authorities beside the file.
           (!own_authorities || Set(handle_, CURLOPT_CAPATH, static_cast<const char*>(nullptr))) &&
           Set(handle_, CURLOPT_CA_CACHE_TIMEOUT, connection_lifetime_s) && SetText(handle_, CURLOPT_SSLCERT, call_.client_certificate) &&
           SetText(handle_, CURLOPT_SSLKEY, call_.client_key) && SetText(handle_, CURLOPT_PINNEDPUBLICKEY, call_.pinned_key) &&
           Set(handle_, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::OpenSocket) && Set(handle_, CURLOPT_OPENSOCKETDATA, this) &&
           Set(handle_, CURLOPT_PREREQFUNCTION, &HttpTransfer::BeforeRequest) && Set(handle_, CURLOPT_PREREQDATA, this);
}

// --- the destination ---

bool HttpTransfer::Allow(const Address* address) {
    bool allowed = address && MayConnect(*address, call_.allowed) && (!loopback_only_ || IsLoopback(*address));
    if (!allowed) {
        forbidden_ = true;
        result_.error = !address                ? "the destination has no address"
                        : !loopback_only_       ? "the destination " + ToText(*address) + " is not allowed"
                        : !IsLoopback(*address) ? "plain http to " + ToText(*address) + ", which is not this machine"
                                                : "the destination " + ToText(*address) + " is not allowed";
    }
    return allowed;
}

curl_socket_t HttpTransfer::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept try {
    auto* transfer = static_cast<HttpTransfer*>(self);
    bool local = address->family == AF_UNIX && !transfer->call_.unix_socket.empty();
    std::optional<Address> destination = AddressOf(&address->addr);
    if (!local && !transfer->Allow(destination ? &*destination : nullptr)) {
        return CURL_SOCKET_BAD;
    }
    transfer->destination_ = destination;
    transfer->error_[0] = '\0';    // the complaint of a kept connection, found dead, and of no interest
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
} catch (const std::exception&) {
    return CURL_SOCKET_BAD;
}

// The destination is checked again before every request: a connection that another call opened, under its own list, may be used a second time.
int HttpTransfer::BeforeRequest(void* self, char* remote_ip, char*, int, int) noexcept try {
    auto* transfer = static_cast<HttpTransfer*>(self);
    if (!transfer->call_.unix_socket.empty()) {
        return CURL_PREREQFUNC_OK;
    }
    std::optional<Address> destination = remote_ip ? ParseAddress(remote_ip) : std::nullopt;
    return transfer->Allow(destination ? &*destination : nullptr) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
} catch (const std::exception&) {
    return CURL_PREREQFUNC_ABORT;
}

// --- the answer ---

void HttpTransfer::KeepHeader(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
        line.remove_suffix(1);
    }
    size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        result_.headers.clear();    // of an interim answer
    } else if (line.empty()) {
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        headers_ended_ = status >= 200;
    } else if (colon != std::string_view::npos) {
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
        std::string_view value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        result_.headers.push_back({std::move(name), std::string(value)});
    }
}

size_t HttpTransfer::ReceiveHeader(char* bytes, size_t size, size_t count, void* self) noexcept try {
    auto* transfer = static_cast<HttpTransfer*>(self);
    transfer->result_.bytes_received = true;
    transfer->header_bytes_ += size * count;
    if (transfer->header_bytes_ > http_header_limit) {
        transfer->too_large_ = true;
        return 0;
    }
    if (!transfer->headers_ended_) {
        transfer->KeepHeader({bytes, size * count});
    }
    return size * count;
} catch (const std::exception&) {
    return 0;
}

size_t HttpTransfer::ReceiveBody(char* bytes, size_t size, size_t count, void* self) noexcept try {
    auto* transfer = static_cast<HttpTransfer*>(self);
    transfer->result_.bytes_received = true;
    if (transfer->result_.body.size() + size * count > http_body_limit) {
        transfer->too_large_ = true;
        return 0;
    }
    transfer->result_.body.append(bytes, size * count);
    return size * count;
} catch (const std::exception&) {
    return 0;
}

// libcurl's own sentence, with the address where it leaves that out.
std::string HttpTransfer::Complaint(CURLcode code) const {
    bool names_file = code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CRL_BADFILE;
    std::string text = error_[0] && !names_file ? error_ : curl_easy_strerror(code);
    const char* peer = nullptr;
    curl_easy_getinfo(handle_, CURLINFO_PRIMARY_IP, &peer);
    std::string address = destination_ ? ToText(*destination_) : peer ? peer : "";
    return address.empty() || text.find(address) != std::string::npos ? text : text + " (" + address + ")";
}

void HttpTransfer::Finish(CURLcode code) noexcept try {
    curl_off_t total = 0;
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_TOTAL_TIME_T, &total);
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    result_.duration_us = total;
    // An answer that is no HTTP never reaches the functions that take headers and body.
    bool nonsense = code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL;
    result_.bytes_received = result_.bytes_received || nonsense;
    // libcurl also takes a connection that ends within the headers for an answer.
    if (code == CURLE_OK && headers_ended_) {
        result_.outcome = HttpResult::Outcome::Answered;
        result_.status = static_cast<int>(status);
        curl_off_t retry_after = 0;
        if (curl_easy_getinfo(handle_, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0) {
            result_.retry_after_s = retry_after;
        }
        result_.error.clear();    // of an address that was refused before another one was taken
        return;
    }
    result_.headers.clear();
    result_.body.clear();
    if (code == CURLE_OPERATION_TIMEDOUT) {
        result_.outcome = HttpResult::Outcome::TimedOut;
        result_.error = "timed out after " + std::to_string(total / 1000) + " ms";
    } else if (too_large_ || code == CURLE_FILESIZE_EXCEEDED) {
        result_.outcome = HttpResult::Outcome::TooLarge;
        result_.error = header_bytes_ > http_header_limit ? "the answer's headers are too large" : "the answer is too large";
    } else if (forbidden_ && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
        result_.outcome = HttpResult::Outcome::Forbidden;    // and the error says so already
    } else {
        result_.outcome = HttpResult::Outcome::Failed;
        result_.error = code == CURLE_OK ? "the answer has no end of headers" : Complaint(code);
    }
} catch (const std::exception&) {
    result_.outcome = HttpResult::Outcome::Failed;
}

}    // namespace warrant::core
