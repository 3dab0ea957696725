// Base64 is one text for one sequence of bytes.
#include "core/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

using namespace warrant::core;

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (auto [bytes, text] : vectors) {
        EXPECT_EQ(EncodeBase64(bytes), text);
        EXPECT_EQ(DecodeBase64(text), bytes);
    }
    EXPECT_EQ(DecodeBase64("AAAA"), std::string(3, '\0'));
}

TEST(Base64, DecodesOnlyWhatItWouldEncode) {
    for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Zg===", "====", "Z===", " Zm9v", "Zm9v ", "Zm9v\n", "Zm 9v", "Zm9v====", "Zm=v",
                             "Zg==Zg==", "Zm-_", "Zm9\xC3", "   =", "    "}) {
        EXPECT_FALSE(DecodeBase64(text)) << text;
    }
}
