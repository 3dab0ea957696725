// One call as libcurl knows it: its options, its limits, and the answer as it comes in. Used by the client alone.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include "core/http_call.hpp"

#include <optional>
#include <string>

#include <curl/curl.h>

namespace warrant::core {

// Owns its easy handle. libcurl keeps pointers into it: it does not move.
class HttpTransfer {
  public:
    HttpTransfer(uint64_t id, const HttpCall& call);
    ~HttpTransfer();
    HttpTransfer(const HttpTransfer&) = delete;
    HttpTransfer& operator=(const HttpTransfer&) = delete;

    // Sets every option. Returns what is wrong with the call, or empty.
    std::string Prepare();

    // Takes the outcome from libcurl, once, at the end.
    void Finish(CURLcode code) noexcept;

    CURL* handle() const { return handle_; }
    HttpResult& result() { return result_; }

  private:
    static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static int BeforeRequest(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port) noexcept;
    static size_t ReceiveHeader(char* bytes, size_t size, size_t count, void* self) noexcept;
    static size_t ReceiveBody(char* bytes, size_t size, size_t count, void* self) noexcept;

    std::string CheckUrl();
    bool SetOptions();
    bool SetTransport();
    bool Allow(const Address* address);
    void KeepHeader(std::string_view line);
    std::string Complaint(CURLcode code) const;

    const HttpCall call_;
    HttpResult result_;
    CURL* handle_ = nullptr;
    curl_slist* headers_ = nullptr;
    size_t header_bytes_ = 0;
    bool loopback_only_ = false;    // plain http
    bool headers_ended_ = false;    // what follows are trailers
    bool forbidden_ = false;
    bool too_large_ = false;
    std::optional<Address> destination_;    // of the connection that was tried last, when this call had to open one
    char error_[CURL_ERROR_SIZE] = "";
};

}    // namespace warrant::core
