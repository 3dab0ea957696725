// The client against servers that answer, dawdle, flood, send nonsense or point elsewhere.
#include "core/http_client.hpp"

#include "loopback_server.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include <pthread.h>
#include <sys/un.h>

using namespace warrant::core;
using Outcome = HttpResult::Outcome;

namespace {

constexpr char ok[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID:  req_1 \r\nContent-Length: 2\r\n\r\n{}";

class HttpClientTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(client.Open(), ""); }

    HttpCall Call(std::string url) {
        HttpCall call;
        call.url = std::move(url);
        call.headers = {"content-type: application/json", "x-request-id: req_1"};
        call.body = "{\"a\":1}";
        call.timeout_ms = 300000;    // a hang; a slow machine takes what it takes
        call.allowed = {*ParseNetwork("127.0.0.1")};
        return call;
    }

    uint64_t Start(const HttpCall& call) {
        auto started = client.Start(call);
        EXPECT_TRUE(std::holds_alternative<uint64_t>(started)) << std::get<std::string>(started);
        return std::holds_alternative<uint64_t>(started) ? std::get<uint64_t>(started) : 0;
    }

    // The next result; each wait is bounded.
    HttpResult Await() {
        for (int i = 0; i < 30000; i++) {
            if (auto result = client.Take()) {
                return *result;
            }
            client.Wait(10);
        }
        ADD_FAILURE() << "no result";
        return {};
    }

    HttpResult Post(const HttpCall& call) {
        uint64_t id = Start(call);
        HttpResult result = Await();
        EXPECT_EQ(result.id, id);
        return result;
    }

    std::string Refusal(const HttpCall& call) {
        auto started = client.Start(call);
        return std::holds_alternative<std::string>(started) ? std::get<std::string>(started) : "was taken";
    }

    HttpClient client;
};

}    // namespace

TEST_F(HttpClientTest, PostsAndReadsTheAnswer) {
    std::string request;
    LoopbackServer server([&](int connection) {
        request = LoopbackServer::ReadRequest(connection);
        LoopbackServer::Send(connection, ok);
    });
    HttpResult result = Post(Call(server.Url()));
    EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(result.body, "{}");
    EXPECT_EQ(result.Header("x-request-id"), "req_1");
    EXPECT_EQ(result.Header("content-type"), "application/json");
    EXPECT_EQ(result.Header("absent"), "");
    EXPECT_TRUE(result.bytes_received);
    EXPECT_EQ(result.error, "");
    EXPECT_TRUE(request.starts_with("POST /path-with-token HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("content-type: application/json\r\n"), std::string::npos) << request;
    EXPECT_EQ(request.find("urlencoded"), std::string::npos) << request;
    EXPECT_EQ(request.find("Expect"), std::string::npos) << request;
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"a\":1}")) << request;
    EXPECT_EQ(client.running(), 0u);
    EXPECT_FALSE(client.Take());
}

TEST_F(HttpClientTest, GivesBackAnswersOfAnyStatus) {
    for (int status : {202, 204, 404, 429, 503}) {
        LoopbackServer server(LoopbackServer::Answering("HTTP/1.1 " + std::to_string(status) + " x\r\nRetry-After: 7\r\n" +
                                                        (status == 204 ? "\r\n" : "Content-Length: 0\r\n\r\n")));
        HttpResult result = Post(Call(server.Url()));
        EXPECT_EQ(result.outcome, Outcome::Answered);
        EXPECT_EQ(result.status, status);
        EXPECT_EQ(result.Header("retry-after"), "7");
        EXPECT_EQ(result.retry_after_s, 7);
    }
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
    LoopbackServer elsewhere(LoopbackServer::Answering(ok));
    LoopbackServer server(LoopbackServer::Answering("HTTP/1.1 307 Moved\r\nLocation: " + elsewhere.Url() + "\r\nContent-Length: 0\r\n\r\n"));
    HttpResult result = Post(Call(server.Url()));
    EXPECT_EQ(result.outcome, Outcome::Answered);
    EXPECT_EQ(result.status, 307);
    EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(HttpClientTest, UsesAConnectionAgain) {
    LoopbackServer server(LoopbackServer::Answering(ok));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(Post(Call(server.Url())).outcome, Outcome::Answered);
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, ChecksAConnectionThatAnotherCallOpened) {
    LoopbackServer server(LoopbackServer::Answering(ok));
    EXPECT_EQ(Post(Call(server.Url())).outcome, Outcome::Answered);
    HttpCall call = Call(server.Url());
    call.allowed.clear();
    HttpResult result = Post(call);
    EXPECT_EQ(result.outcome, Outcome::Forbidden);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, ConnectsOnlyWhereItMay) {
    LoopbackServer server(LoopbackServer::Answering(ok));
    HttpCall call = Call(server.Url());
    call.allowed.clear();
    HttpResult result = Post(call);
    EXPECT_EQ(result.outcome, Outcome::Forbidden);
    EXPECT_EQ(result.error, "the destination 127.0.0.1 is not allowed");
    EXPECT_FALSE(result.bytes_received);
    // A name that leads inside, and another way to write the address.
    for (const char* host : {"localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"}) {
        call.url = server.Url().replace(7, 9, host);
        EXPECT_EQ(Post(call).outcome, Outcome::Forbidden) << call.url;
    }
    EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpClientTest, SpeaksPlainHttpToThisMachineOnly) {
    for (const char* host : {"10.0.0.1", "1.1.1.1", "[fd00::1]"}) {
        HttpCall call = Call(std::string("http://") + host + "/");
        call.allowed = {*ParseNetwork("0.0.0.0/0"), *ParseNetwork("::/0")};
        EXPECT_EQ(Post(call).outcome, Outcome::Forbidden) << host;
    }
}

TEST_F(HttpClientTest, SpeaksOverAUnixSocket) {
    std::string path = testing::TempDir() + "/warrant-" + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    unlink(path.c_str());
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    listen(listening, 1);
    std::thread server([listening] {
        int connection = accept(listening, nullptr, nullptr);
        LoopbackServer::ReadRequest(connection);
        LoopbackServer::Send(connection, ok);
        close(connection);
    });
    HttpCall call = Call("http://approvals/");
    call.allowed.clear();
    call.unix_socket = path;
    HttpResult result = Post(call);
    EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
    shutdown(listening, SHUT_RDWR);
    server.join();
    close(listening);
    unlink(path.c_str());
}

TEST_F(HttpClientTest, AsksNoProxyOfTheEnvironment) {
    LoopbackServer proxy(LoopbackServer::Answering(ok));
    LoopbackServer server(LoopbackServer::Answering(ok));
    setenv("http_proxy", proxy.Url().c_str(), 1);
    setenv("ALL_PROXY", proxy.Url().c_str(), 1);
    EXPECT_EQ(Post(Call(server.Url())).outcome, Outcome::Answered);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(HttpClientTest, GivesUpWhenNothingComesBack) {
    LoopbackServer server(LoopbackServer::AwaitClose);
    HttpCall call = Call(server.Url());
    call.timeout_ms = 100;
    HttpResult result = Post(call);
    EXPECT_EQ(result.outcome, Outcome::TimedOut) << result.error;
    EXPECT_FALSE(result.bytes_received);
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.error.starts_with("timed out after ")) << result.error;
}

TEST_F(HttpClientTest, GivesUpOnADrip) {
    LoopbackServer server([](int connection) {
        LoopbackServer::ReadRequest(connection);
        LoopbackServer::Send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n");
        pollfd closed{connection, POLLIN, 0};
        while (poll(&closed, 1, 10) == 0 && LoopbackServer::Send(connection, " ")) {
        }
    });
    HttpCall call = Call(server.Url());
    HttpResult result;
    // On a slow machine the first byte itself takes longer.
    for (long timeout_ms = 300; !result.bytes_received && timeout_ms < 100000; timeout_ms *= 4) {
        call.timeout_ms = timeout_ms;
        result = Post(call);
        EXPECT_EQ(result.outcome, Outcome::TimedOut) << result.error;
    }
    EXPECT_TRUE(result.bytes_received);
    EXPECT_EQ(result.body, "");
}

TEST_F(HttpClientTest, GivesUpOnAStatusLineThatNeverEnds) {
    LoopbackServer server([](int connection) {
        LoopbackServer::ReadRequest(connection);
        LoopbackServer::Send(connection, "HTTP/1.1 200");
        LoopbackServer::AwaitClose(connection);
    });
    HttpCall call = Call(server.Url());
    call.timeout_ms = 300;
    HttpResult result = Post(call);
    EXPECT_EQ(result.outcome, Outcome::TimedOut);
    EXPECT_EQ(result.status, 0);
}

TEST_F(HttpClientTest, RefusesABodyThatIsTooLarge) {
    std::string largest(http_body_limit, 'x');
    auto chunked = [](const std::string& body) {
        char size[16];
        snprintf(size, sizeof size, "%zx", body.size());
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) + "\r\n" + body + "\r\n0\r\n\r\n";
    };
    auto counted = [](const std::string& body) { return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body; };
    for (const std::string& answer : {chunked(largest), counted(largest)}) {
        LoopbackServer server(LoopbackServer::Answering(answer));
        HttpResult result = Post(Call(server.Url()));
        EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
        EXPECT_EQ(result.body.size(), http_body_limit);
    }
    for (const std::string& answer : {chunked(largest + "x"), counted(largest + "x"), "HTTP/1.1 200 OK\r\n\r\n" + largest + "x"}) {
        LoopbackServer server(LoopbackServer::Answering(answer));
        HttpResult result = Post(Call(server.Url()));
        EXPECT_EQ(result.outcome, Outcome::TooLarge) << result.error;
        EXPECT_EQ(result.body, "");
        EXPECT_TRUE(result.bytes_received);
    }
}

TEST_F(HttpClientTest, RefusesHeadersThatAreTooLarge) {
    std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n", lines;
    for (int i = 0; i < 17; i++) {
        lines += line;
    }
    for (const std::string& answer : {"HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 0\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nX-Filler: " + std::string(http_header_limit, 'x') + "\r\nContent-Length: 0\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + lines + "\r\n"}) {
        LoopbackServer server(LoopbackServer::Answering(answer));
        HttpResult result = Post(Call(server.Url()));
        EXPECT_EQ(result.outcome, Outcome::TooLarge) << result.error;
        EXPECT_TRUE(result.headers.empty());
    }
}

TEST_F(HttpClientTest, KeepsOnlyTheFinalAnswersOwnHeaders) {
    LoopbackServer server(
        LoopbackServer::Answering("HTTP/1.1 103 Early Hints\r\nX-Request-ID: hinted\r\n\r\n"
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Kept: 1\r\nX-Twice: a\r\nX-Twice: b\r\n\r\n"
                                  "2\r\n{}\r\n0\r\nX-Request-ID: trailing\r\n\r\n"));
    HttpResult result = Post(Call(server.Url()));
    EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
    EXPECT_EQ(result.Header("x-request-id"), "");
    EXPECT_EQ(result.Header("x-kept"), "1");
    EXPECT_EQ(result.Header("x-twice"), "") << "which of them would it be?";
}

TEST_F(HttpClientTest, FailsOnNonsense) {
    for (const char* answer : {"garbage\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 \r\n\r\n", "\xFF\xFE"}) {
        LoopbackServer server([answer](int connection) {
            LoopbackServer::ReadRequest(connection);
            LoopbackServer::Send(connection, answer);
        });
        HttpResult result = Post(Call(server.Url()));
        EXPECT_EQ(result.outcome, Outcome::Failed) << answer;
        EXPECT_TRUE(result.bytes_received) << answer;
        EXPECT_NE(result.error, "") << answer;
    }
}

TEST_F(HttpClientTest, FailsOnAnAnswerCutShort) {
    LoopbackServer server([](int connection) {
        LoopbackServer::ReadRequest(connection);
        LoopbackServer::Send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"decision\":true");
    });
    HttpResult result = Post(Call(server.Url()));
    EXPECT_EQ(result.outcome, Outcome::Failed);
    EXPECT_TRUE(result.bytes_received);
    EXPECT_EQ(result.body, "");
}

TEST_F(HttpClientTest, SaysWhetherAByteCameBack) {
    for (const char* answer : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"}) {
        LoopbackServer server([answer](int connection) {
            LoopbackServer::ReadRequest(connection);
            LoopbackServer::Send(connection, answer);
        });
        HttpResult result = Post(Call(server.Url()));
        EXPECT_NE(result.outcome, Outcome::Answered) << answer;
        EXPECT_EQ(result.bytes_received, answer[0] != '\0') << answer << ": " << result.error;
    }
    LoopbackServer server([](int connection) {
        LoopbackServer::ReadRequest(connection);
        linger reset{1, 0};
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(connection);
    });
    HttpResult result = Post(Call(server.Url()));
    EXPECT_EQ(result.outcome, Outcome::Failed);
    EXPECT_FALSE(result.bytes_received) << result.error;
}

TEST_F(HttpClientTest, FailsWhereNobodyListens) {
    std::string url;
    { url = LoopbackServer(LoopbackServer::AwaitClose).Url(); }
    HttpResult result = Post(Call(url));
    EXPECT_EQ(result.outcome, Outcome::Failed);
    EXPECT_FALSE(result.bytes_received);
    EXPECT_EQ(result.error.find("path-with-token"), std::string::npos) << result.error;
    EXPECT_NE(result.error.find("127.0.0.1"), std::string::npos) << result.error;
}

TEST_F(HttpClientTest, FailsOnANameThatIsNone) {
    HttpResult result = Post(Call("https://approvals.invalid/"));
    EXPECT_NE(result.outcome, Outcome::Answered) << "failed, or timed out where no resolver answers";
    EXPECT_NE(result.error, "");
    EXPECT_FALSE(result.bytes_received);
}

TEST_F(HttpClientTest, RefusesCallsThatAreWrong) {
    EXPECT_EQ(Refusal(Call("")), "the url is not one");
    EXPECT_EQ(Refusal(Call("127.0.0.1/no-scheme")), "the url is not one");
    EXPECT_EQ(Refusal(Call("https://a b/")), "the url is not one");
    EXPECT_EQ(Refusal(Call("https://a/\r\nx: y")), "the url is not one");
    for (const char* url : {"ftp://a/", "file:///etc/passwd", "gopher://a/", "smtp://a/", "unix:///x"}) {
        EXPECT_EQ(Refusal(Call(url)), "the url is neither https nor http") << url;
    }
    EXPECT_EQ(Refusal(Call("https://user:secret@a/")), "the url holds a user name or password");
    EXPECT_EQ(Refusal(Call("https://user@a/")), "the url holds a user name or password");
    HttpCall call = Call("https://a/");
    call.headers.push_back("x: a\r\nwebhook-id: other");
    EXPECT_EQ(Refusal(call), "a header holds a line break");
    call = Call("http://127.0.0.1/");
    call.proxy = "http://127.0.0.1:1";
    EXPECT_EQ(Refusal(call), "a proxy carries https only");
    call = Call("https://a/");
    call.timeout_ms = 0;
    EXPECT_EQ(Refusal(call), "a call needs time limits");
    EXPECT_EQ(client.running(), 0u);
}

TEST_F(HttpClientTest, MakesManyCallsAtATime) {
    LoopbackServer quick(LoopbackServer::Answering(ok));
    LoopbackServer silent(LoopbackServer::AwaitClose);
    std::map<uint64_t, bool> wanted;
    uint64_t waiting = Start(Call(silent.Url()));
    for (int i = 0; i < 8; i++) {
        wanted[Start(Call(quick.Url()))] = true;
    }
    EXPECT_EQ(client.running(), 9u);
    while (!wanted.empty() && !HasFailure()) {
        HttpResult result = Await();
        EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
        EXPECT_EQ(wanted.erase(result.id), 1u);
    }
    EXPECT_EQ(client.running(), 1u) << "nobody waits for the silent one";
    client.Cancel(waiting + 100);
    EXPECT_EQ(client.running(), 1u);
    client.Cancel(waiting);
    EXPECT_EQ(client.running(), 0u);
    EXPECT_FALSE(client.Take());
}

TEST_F(HttpClientTest, CancelsAll) {
    LoopbackServer silent(LoopbackServer::AwaitClose);
    for (int i = 0; i < 3; i++) {
        Start(Call(silent.Url()));
    }
    client.Perform();
    client.CancelAll();
    EXPECT_EQ(client.running(), 0u);
    EXPECT_FALSE(client.Take());
    LoopbackServer server(LoopbackServer::Answering(ok));
    EXPECT_EQ(Post(Call(server.Url())).outcome, Outcome::Answered) << "and goes on";
}

TEST_F(HttpClientTest, MayBeDestroyedWhileItCalls) {
    LoopbackServer silent(LoopbackServer::AwaitClose);
    HttpClient other;
    ASSERT_EQ(other.Open(), "");
    other.Start(Call(silent.Url()));
    other.Start(Call("https://approvals.invalid/"));
    other.Perform();
}

TEST_F(HttpClientTest, WakesItsCallerThroughOneDescriptor) {
    EXPECT_EQ(client.TimeoutMs(), -1) << "idle";
    LoopbackServer server(LoopbackServer::Answering(ok));
    Start(Call(server.Url()));
    EXPECT_EQ(client.TimeoutMs(), 0) << "to be begun at once";
    pollfd descriptor{client.Descriptor(), POLLIN, 0};
    std::optional<HttpResult> result;
    for (int i = 0; i < 100000 && !(result = client.Take()); i++) {
        int timeout = client.TimeoutMs();
        ASSERT_NE(timeout, -1) << "a running call has a time limit";
        poll(&descriptor, 1, timeout);
        client.Perform();
    }
    ASSERT_TRUE(result);
    EXPECT_EQ(result->outcome, Outcome::Answered);
    EXPECT_EQ(poll(&descriptor, 1, 0), 0) << "idle again";
}

TEST_F(HttpClientTest, LeavesTheCallersSignalsAlone) {
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    LoopbackServer server(LoopbackServer::Answering(ok));
    Post(Call(server.Url().replace(7, 9, "localhost")));
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int signal : {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGALRM, SIGPIPE}) {
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal));
    }
}

TEST(HttpClient, DoesNothingBeforeItIsOpen) {
    HttpClient client;
    EXPECT_EQ(client.Descriptor(), -1);
    EXPECT_EQ(client.TimeoutMs(), -1);
    EXPECT_EQ(std::get<std::string>(client.Start({})), "the client is not open");
    client.Perform();
    client.CancelAll();
    client.Cancel(1);
    EXPECT_FALSE(client.Take());
    EXPECT_EQ(client.running(), 0u);
}
