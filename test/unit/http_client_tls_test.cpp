// The client speaks only with whom the certificate names, under the authority that the call names, in a current TLS.
#include "core/http_client.hpp"

#include "loopback_server.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/base64.hpp"

using namespace warrant::core;
using Outcome = HttpResult::Outcome;

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
    void operator()(FILE* file) const { fclose(file); }
};
template <typename Type>
using Owned = std::unique_ptr<Type, Free>;

// A key and a certificate for a name ("IP:127.0.0.1"), signed by an issuer or by itself.
struct Identity {
    Owned<EVP_PKEY> key{EVP_EC_gen("P-256")};
    Owned<X509> certificate{X509_new()};

    Identity(const char* common_name, const char* alternative_name, const Identity* issuer = nullptr, long days = 1) {
        X509* cert = certificate.get();
        X509_set_version(cert, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -2 * 86400);
        X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
        X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer->certificate.get() : cert));
        X509_set_pubkey(cert, key.get());
        Extend(NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
        if (alternative_name) {
            Extend(NID_subject_alt_name, alternative_name);
        }
        X509_sign(cert, issuer ? issuer->key.get() : key.get(), EVP_sha256());
    }

    void Extend(int nid, const char* value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
        X509_add_ext(certificate.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }

    std::string File(const char* name) const {
        std::string path = testing::TempDir() + "/warrant-" + std::to_string(getpid()) + "-" + name + ".pem";
        PEM_write_X509(Owned<FILE>(fopen(path.c_str(), "w")).get(), certificate.get());
        return path;
    }

    std::string KeyPin() const {
        unsigned char* der = nullptr;
        int length = i2d_PUBKEY(key.get(), &der);
        unsigned char digest[SHA256_DIGEST_LENGTH];
        SHA256(der, static_cast<size_t>(length), digest);
        OPENSSL_free(der);
        return "sha256//" + EncodeBase64({reinterpret_cast<const char*>(digest), sizeof digest});
    }
};

class HttpClientTls : public testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(client.Open(), ""); }
    void TearDown() override { remove(ca_file.c_str()); }

    // Calls a server that shows an identity. The handshakes that came to an end are counted.
    HttpResult Post(const Identity& shown, std::function<void(HttpCall*)> change = {}, int newest = TLS1_3_VERSION) {
        Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_set_security_level(context.get(), 0);    // or it would not offer what the client is to refuse
        SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context.get(), newest);
        SSL_CTX_use_certificate(context.get(), shown.certificate.get());
        SSL_CTX_use_PrivateKey(context.get(), shown.key.get());
        LoopbackServer server([&](int socket) {
            Owned<SSL> connection(SSL_new(context.get()));
            SSL_set_fd(connection.get(), socket);
            char request[4096];
            if (SSL_accept(connection.get()) == 1 && SSL_read(connection.get(), request, sizeof request) > 0) {
                requests++;
                static constexpr char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                SSL_write(connection.get(), answer, sizeof answer - 1);
            }
        });
        HttpCall call;
        call.url = server.Url("https");
        call.ca_file = ca_file;
        call.allowed = {*ParseNetwork("127.0.0.1")};
        call.connect_timeout_ms = call.timeout_ms = 300000;
        if (change) {
            change(&call);
        }
        auto started = client.Start(call);
        EXPECT_TRUE(std::holds_alternative<uint64_t>(started));
        for (int i = 0; i < 30000; i++) {
            if (auto result = client.Take()) {
                return *result;
            }
            client.Wait(10);
        }
        ADD_FAILURE() << "no result";
        return {};
    }

    void ExpectRefused(const HttpResult& result) {
        EXPECT_EQ(result.outcome, Outcome::Failed) << result.error;
        EXPECT_FALSE(result.bytes_received);
        EXPECT_NE(result.error, "");
        EXPECT_EQ(requests, 0) << "the request was sent all the same";
    }

    Identity authority{"authority", nullptr};
    Identity server{"server", "IP:127.0.0.1", &authority};
    std::string ca_file = authority.File("authority");
    std::atomic<int> requests = 0;
    HttpClient client;
};

}    // namespace

TEST_F(HttpClientTls, SpeaksWithWhomTheAuthorityVouchesFor) {
    HttpResult result = Post(server);
    EXPECT_EQ(result.outcome, Outcome::Answered) << result.error;
    EXPECT_EQ(requests, 1);
}

TEST_F(HttpClientTls, RefusesAnotherAuthority) {
    Identity other("authority", nullptr);
    ExpectRefused(Post(Identity("server", "IP:127.0.0.1", &other)));
    ExpectRefused(Post(Identity("127.0.0.1", "IP:127.0.0.1")));
}

TEST_F(HttpClientTls, RefusesWhomTheSystemDoesNotKnow) {
    ExpectRefused(Post(server, [](HttpCall* call) { call->ca_file.clear(); }));
}

TEST_F(HttpClientTls, RefusesAnotherName) {
    ExpectRefused(Post(Identity("server", "IP:127.0.0.2", &authority)));
    ExpectRefused(Post(Identity("127.0.0.1", "DNS:localhost", &authority)));
}

TEST_F(HttpClientTls, RefusesAnExpiredCertificate) { ExpectRefused(Post(Identity("server", "IP:127.0.0.1", &authority, -1))); }

TEST_F(HttpClientTls, RefusesOldTls) {
    ExpectRefused(Post(server, {}, TLS1_1_VERSION));
    EXPECT_EQ(Post(server, {}, TLS1_2_VERSION).outcome, Outcome::Answered);
}

TEST_F(HttpClientTls, RefusesAKeyThatIsNotThePinnedOne) {
    ExpectRefused(Post(server, [&](HttpCall* call) { call->pinned_key = authority.KeyPin(); }));
    EXPECT_EQ(Post(server, [&](HttpCall* call) { call->pinned_key = server.KeyPin(); }).outcome, Outcome::Answered);
}

TEST_F(HttpClientTls, RefusesAnAuthorityFileThatIsNotThere) {
    ExpectRefused(Post(server, [](HttpCall* call) { call->ca_file += ".absent"; }));
}
