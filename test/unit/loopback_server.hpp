// A server on 127.0.0.1 for one test: what it does with a connection is the test's to say.
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <csignal>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

class LoopbackServer {
  public:
    // Called in a thread of its own for each connection, which is closed when it returns.
    using Serve = std::function<void(int connection)>;

    explicit LoopbackServer(Serve serve) : serve_(std::move(serve)) {
        listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        bind(listening_, reinterpret_cast<sockaddr*>(&address), size);
        listen(listening_, 16);
        getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { Accept(); });
    }

    ~LoopbackServer() {
        stopping_ = true;
        shutdown(listening_, SHUT_RDWR);
        acceptor_.join();
        {
            std::lock_guard lock(mutex_);
            for (int connection : open_) {
                shutdown(connection, SHUT_RDWR);
            }
        }
        for (std::thread& thread : threads_) {
            thread.join();
        }
        for (int connection : open_) {
            close(connection);
        }
        close(listening_);
    }

    std::string Url(const char* scheme = "http") const { return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + "/path-with-token"; }
    int connections() const { return connections_; }
    bool stopping() const { return stopping_; }

    // A whole request, or what there was of it when the peer closed.
    static std::string ReadRequest(int connection) {
        std::string request;
        char bytes[4096];
        while (true) {
            size_t end = request.find("\r\n\r\n"), length = request.find("ontent-Length: ");
            if (end != std::string::npos && length != std::string::npos &&
                request.size() >= end + 4 + static_cast<size_t>(std::atoi(request.c_str() + length + 15))) {
                return request;
            }
            ssize_t count = recv(connection, bytes, sizeof bytes, 0);
            if (count <= 0) {
                return request;
            }
            request.append(bytes, static_cast<size_t>(count));
        }
    }

    // False when the peer has closed.
    static bool Send(int connection, std::string_view bytes) {
        while (!bytes.empty()) {
            ssize_t count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) {
                return false;
            }
            bytes.remove_prefix(static_cast<size_t>(count));
        }
        return true;
    }

    // Until the peer, or the test's end, closes the connection.
    static void AwaitClose(int connection) {
        char bytes[4096];
        while (recv(connection, bytes, sizeof bytes, 0) > 0) {
        }
    }

    // Answers every request on a connection the same way.
    static Serve Answering(std::string answer) {
        return [answer](int connection) {
            while (!ReadRequest(connection).empty() && Send(connection, answer)) {
            }
        };
    }

  private:
    void Accept() {
        int connection;
        while (!stopping_ && (connection = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
            connections_++;
            std::lock_guard lock(mutex_);
            open_.push_back(connection);
            threads_.emplace_back([this, connection] {
                sigset_t pipe;    // a client that hangs up ends no test
                sigemptyset(&pipe);
                sigaddset(&pipe, SIGPIPE);
                pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
                serve_(connection);
                shutdown(connection, SHUT_RDWR);    // closed at the end, so that its number is not given away before
            });
        }
    }

    Serve serve_;
    int listening_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};
