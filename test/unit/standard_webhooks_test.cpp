// Webhook signatures: the published vector, and what the reference libraries' own tests accept and refuse.
#include "core/base64.hpp"
#include "core/standard_webhooks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace warrant::core;

namespace {

constexpr char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char other_secret[] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
constexpr char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char body[] = R"({"test": 2432232314})";
constexpr int64_t timestamp = 1614265330;
constexpr char stamp[] = "1614265330";
constexpr char signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

std::vector<WebhookKey> Keys(std::initializer_list<const char*> texts) {
    std::vector<WebhookKey> keys;
    for (const char* text : texts) {
        auto key = WebhookKey::Parse(text);
        EXPECT_TRUE(key) << text;
        if (key) {
            keys.push_back(std::move(*key));
        }
    }
    return keys;
}

WebhookVerdict Verify(WebhookHeaders headers, std::string_view text = body, const char* key = secret, int64_t now = timestamp) {
    return VerifyWebhook(headers, text, Keys({key}), now);
}

}    // namespace

TEST(StandardWebhooks, SignsThePublishedVector) { EXPECT_EQ(SignWebhook(id, timestamp, body, Keys({secret})), signature); }

TEST(StandardWebhooks, SignsWithEveryCurrentKey) {
    auto both = SignWebhook(id, timestamp, body, Keys({other_secret, secret}));
    ASSERT_TRUE(both);
    EXPECT_EQ(*both, *SignWebhook(id, timestamp, body, Keys({other_secret})) + " " + signature);
    EXPECT_EQ(Verify({id, stamp, *both}), WebhookVerdict::Valid);
    EXPECT_EQ(Verify({id, stamp, *both}, body, other_secret), WebhookVerdict::Valid);
}

TEST(StandardWebhooks, SignsNothingWithoutAKeyOrAnId) {
    EXPECT_FALSE(SignWebhook(id, timestamp, body, {}));
    EXPECT_FALSE(SignWebhook("", timestamp, body, Keys({secret})));
    EXPECT_FALSE(SignWebhook("a.1614265330", timestamp, body, Keys({secret})));
}

TEST(StandardWebhooks, TakesAValidSignature) {
    EXPECT_EQ(Verify({id, stamp, signature}), WebhookVerdict::Valid);
    auto keys = Keys({other_secret, secret});
    EXPECT_EQ(VerifyWebhook({id, stamp, signature}, body, keys, timestamp), WebhookVerdict::Valid);
}

TEST(StandardWebhooks, RefusesAMissingHeader) {
    EXPECT_EQ(Verify({"", stamp, signature}), WebhookVerdict::MissingHeader);
    EXPECT_EQ(Verify({id, "", signature}), WebhookVerdict::MissingHeader);
    EXPECT_EQ(Verify({id, stamp, ""}), WebhookVerdict::MissingHeader);
}

TEST(StandardWebhooks, RefusesATimestampThatIsNotOne) {
    for (const char* text : {"hello", "1614265330.5", "1614265330 ", " 1614265330", "+1614265330", "-1", "0x60378e32", "99999999999999999999"}) {
        EXPECT_EQ(Verify({id, text, signature}), WebhookVerdict::BadTimestamp) << text;
    }
}

TEST(StandardWebhooks, RefusesOldAndNewTimestamps) {
    EXPECT_EQ(Verify({id, stamp, signature}, body, secret, timestamp + 300), WebhookVerdict::Valid);
    EXPECT_EQ(Verify({id, stamp, signature}, body, secret, timestamp + 301), WebhookVerdict::TooOld);
    EXPECT_EQ(Verify({id, stamp, signature}, body, secret, timestamp - 300), WebhookVerdict::Valid);
    EXPECT_EQ(Verify({id, stamp, signature}, body, secret, timestamp - 301), WebhookVerdict::TooNew);
}

TEST(StandardWebhooks, RefusesInvalidAndPartialSignatures) {
    std::string whole = signature;
    for (const std::string& given :
         {std::string("v1,dawfeoifkpqwoekfpqoekf"), std::string("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="), whole.substr(0, 8),
          std::string("v1,"), std::string("v1"), std::string(" "), whole.substr(3), whole + "=", whole.substr(0, whole.size() - 1)}) {
        EXPECT_EQ(Verify({id, stamp, given}), WebhookVerdict::NoMatch) << given;
    }
}

TEST(StandardWebhooks, RefusesWhatWasTamperedWith) {
    EXPECT_EQ(Verify({id, stamp, signature}, R"({"test": 2432232315})"), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, stamp, signature}, R"({"test":2432232314})"), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({"msg_other", stamp, signature}), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, "1614265331", signature}), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, "01614265330", signature}), WebhookVerdict::NoMatch) << "the text is signed, not the number";
}

TEST(StandardWebhooks, RefusesAnotherSecret) {
    EXPECT_EQ(Verify({id, stamp, signature}, body, other_secret), WebhookVerdict::NoMatch);
    EXPECT_EQ(VerifyWebhook({id, stamp, signature}, body, {}, timestamp), WebhookVerdict::NoMatch);
}

TEST(StandardWebhooks, FindsTheOneOfSeveralSignatures) {
    std::string others = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    EXPECT_EQ(Verify({id, stamp, others + " " + signature + " v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="}), WebhookVerdict::Valid);
    EXPECT_EQ(Verify({id, stamp, others}), WebhookVerdict::NoMatch);
}

TEST(StandardWebhooks, PassesOverOtherVersions) {
    std::string value = std::string(signature).substr(3);
    EXPECT_EQ(Verify({id, stamp, "v1a," + value}), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, stamp, "v2," + value}), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, stamp, "V1," + value}), WebhookVerdict::NoMatch);
    EXPECT_EQ(Verify({id, stamp, "v1a,x " + std::string(signature)}), WebhookVerdict::Valid);
}

TEST(StandardWebhooks, TakesKeysOf24To64Bytes) {
    for (size_t size : {24, 32, 64}) {
        auto key = WebhookKey::Parse("whsec_" + EncodeBase64(std::string(size, 'k')));
        ASSERT_TRUE(key) << size;
        EXPECT_EQ(key->bytes(), std::string(size, 'k'));
    }
    for (size_t size : {0, 1, 23, 65, 200}) {
        EXPECT_FALSE(WebhookKey::Parse("whsec_" + EncodeBase64(std::string(size, 'k')))) << size;
    }
}

TEST(StandardWebhooks, RefusesATextThatIsNotAKey) {
    for (const char* text :
         {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", "whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_", "whsec_MfKQ9r8GKYqrTwjUPD8I\nLPZIo2LaLaSw"}) {
        EXPECT_FALSE(WebhookKey::Parse(text)) << text;
    }
}
