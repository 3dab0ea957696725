// The strict reader takes what cannot be understood in two ways and refuses the rest; the writer writes what it reads.
#include "core/json.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace warrant::core;
using namespace std::string_literals;

namespace {

JsonValue Read(std::string_view text, JsonLimits limits = {}) {
    auto result = ParseJson(text, limits);
    auto* error = std::get_if<JsonError>(&result);
    EXPECT_EQ(error, nullptr) << text << ": " << (error ? error->reason : "");
    return error ? JsonValue() : std::get<JsonValue>(result);
}

JsonError Refusal(std::string_view text, JsonLimits limits = {}) {
    auto result = ParseJson(text, limits);
    auto* error = std::get_if<JsonError>(&result);
    EXPECT_NE(error, nullptr) << "was taken: " << text;
    return error ? *error : JsonError{};
}

}    // namespace

TEST(Json, ReadsEveryKindOfValue) {
    JsonValue root = Read(R"( {"n":null,"t":true,"f":false,"i":-12,"d":1.50,"s":"a\u00e9\n\ud83d\ude00","a":[1,[],"x"],"o":{"k":2}} )");
    EXPECT_EQ(root.Find("n")->kind(), JsonValue::Kind::Null);
    EXPECT_EQ(root.Find("t")->Boolean(), true);
    EXPECT_EQ(root.Find("f")->Boolean(), false);
    EXPECT_EQ(root.Find("i")->Int64(), -12);
    EXPECT_EQ(*root.Find("d")->NumberText(), "1.50");
    EXPECT_EQ(*root.Find("s")->String(), "a\xC3\xA9\n\xF0\x9F\x98\x80");
    ASSERT_EQ(root.Find("a")->elements().size(), 3u);
    EXPECT_EQ(root.Find("a")->elements()[1].kind(), JsonValue::Kind::Array);
    EXPECT_EQ(root.Find("o")->Find("k")->Int64(), 2);
    EXPECT_EQ(root.members().size(), 8u);
}

TEST(Json, AnswersAQuestionOfTheWrongKindWithNothing) {
    JsonValue root = Read(R"({"s":"1","n":1,"b":true})");
    EXPECT_FALSE(root.Find("s")->Int64());
    EXPECT_FALSE(root.Find("s")->Boolean());
    EXPECT_FALSE(root.Find("s")->NumberText());
    EXPECT_FALSE(root.Find("n")->String());
    EXPECT_FALSE(root.Find("n")->Boolean());
    EXPECT_FALSE(root.Find("b")->Int64());
    EXPECT_FALSE(root.Find("absent"));
    EXPECT_FALSE(root.Find("s")->Find("s"));
    EXPECT_TRUE(Read("[{\"a\":1}]").members().empty());
}

TEST(Json, TakesOnlyIntegersAsIntegers) {
    EXPECT_EQ(Read("9223372036854775807").Int64(), INT64_MAX);
    EXPECT_EQ(Read("-9223372036854775808").Int64(), INT64_MIN);
    EXPECT_EQ(Read("0").Int64(), 0);
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551616", "1.0", "1e3", "0.5"}) {
        EXPECT_FALSE(Read(text).Int64()) << text;
    }
    EXPECT_EQ(*Read("18446744073709551615").NumberText(), "18446744073709551615");
    EXPECT_EQ(*Read("1e3").NumberText(), "1e3");
}

TEST(Json, RefusesWhatIsNotJson) {
    for (const char* text : {"",    " ",       "{",         "}",      "[1,]",    "{\"a\":1,}", "{a:1}",    "{'a':1}",      "{\"a\" 1}", "[1 2]",
                             "01",  "+1",      ".5",        "1.",     "0x1",     "NaN",        "Infinity", "tru",          "True",      "nul",
                             "\"a", "\"\\x\"", "\"\\u12\"", "\"\t\"", "// c\n1", "/* c */1",   "[1]//",    "<html></html>"}) {
        EXPECT_EQ(Refusal(text).reason, "not valid JSON") << text;
    }
}

TEST(Json, RefusesTrailingBytes) {
    EXPECT_EQ(Refusal("{} {}").reason, "not valid JSON");
    EXPECT_EQ(Refusal("{}x").position, 3u);
    EXPECT_EQ(Refusal("1,").reason, "not valid JSON");
    EXPECT_EQ(Refusal("{}\0"s).position, 2u);
    EXPECT_EQ(Refusal("{}\0{\"decision\":true}"s).position, 2u);
    Read("{} \r\n\t");
}

TEST(Json, RefusesTextThatIsNotUtf8) {
    for (const char* text : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xC3\"", "\"\xE9t\xE9\"",
                             "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\""}) {
        EXPECT_EQ(Refusal(text).reason, "not valid JSON") << text;
    }
    EXPECT_EQ(Refusal("\xEF\xBB\xBF{}").reason, "byte order mark");
    EXPECT_EQ(Refusal("\xFF\xFE{\0}\0"s).reason, "not valid JSON");
}

TEST(Json, RefusesNulInStringsAndNames) {
    EXPECT_EQ(Refusal(R"(["a\u0000b"])").reason, "NUL in a string");
    EXPECT_EQ(Refusal(R"({"a\u0000b":1})").reason, "NUL in a name");
}

TEST(Json, RefusesANameTwiceInOneObject) {
    EXPECT_EQ(Refusal(R"({"a":1,"a":1})").reason, "an object has the same name twice");
    EXPECT_EQ(Refusal(R"({"a":1,"b":2,"a":3})").reason, "an object has the same name twice");
    EXPECT_EQ(Refusal(R"({"x":[{"a":1,"\u0061":2}]})").reason, "an object has the same name twice");
    EXPECT_EQ(Refusal(R"({"":1,"":2})").reason, "an object has the same name twice");
    EXPECT_EQ(Refusal(R"({"a":1,"a":1},)").position, 13u) << "noticed at the brace, not at the end";
    Read(R"({"a":{"a":1},"A":2,"b":[{"a":1},{"a":1}]})");
}

TEST(Json, RefusesWhatIsNestedTooDeeply) {
    auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    Read(nested(16));
    EXPECT_EQ(Refusal(nested(17)).reason, "nested too deeply");
    EXPECT_EQ(Refusal(nested(17)).position, 17u);
    EXPECT_EQ(Refusal(std::string(60000, '[')).reason, "nested too deeply");
    EXPECT_EQ(Refusal(R"({"a":{"b":[]}})", {.bytes = 100, .depth = 2}).reason, "nested too deeply");
}

TEST(Json, RefusesWhatIsTooLong) {
    EXPECT_EQ(Refusal("\"1234\"", {.bytes = 5, .depth = 1}).reason, "longer than 5 bytes");
    Read("\"123\"", {.bytes = 5, .depth = 1});
    EXPECT_EQ(Refusal(std::string(65537, ' ')).reason, "longer than 65536 bytes");
}

TEST(Json, RefusesANumberBeyondADouble) { EXPECT_EQ(Refusal("1e400").reason, "number out of range"); }

TEST(Json, DoesNotRepeatTheTextInItsReason) {
    EXPECT_EQ(Refusal(R"({"password":"hunter2)").reason.find("hunter2"), std::string::npos);
    EXPECT_EQ(Refusal(R"({"hunter2":1,"hunter2":2})").reason.find("hunter2"), std::string::npos);
}

TEST(Json, ManyNamesAreReadInReasonableTime) {
    std::string text = "{";
    for (int i = 0; i < 6000; i++) {
        text += "\"" + std::to_string(i) + "\":1,";
    }
    text.back() = '}';
    EXPECT_EQ(Read(text).members().size(), 6000u);
}

TEST(JsonValue, TakesMembersOfTheKindThatIsAsked) {
    const JsonValue value = Read(R"({"text":"x","empty":"","number":7,"part":{"text":"y"},"null":null})");
    EXPECT_EQ(value.Text("text"), "x");
    EXPECT_EQ(value.OptionalNumber("number"), 7);
    EXPECT_EQ(value.Part("part").Text("text"), "y");
    for (const char* name : {"empty", "number", "part", "null", "absent"})
        EXPECT_EQ(value.OptionalText(name), std::nullopt) << name;
    for (const char* name : {"text", "empty", "part", "null", "absent"})
        EXPECT_EQ(value.OptionalNumber(name), std::nullopt) << name;
    EXPECT_EQ(value.Part("absent").Part("text").Text("text"), "");
}

TEST(JsonWriter, WritesCompactly) {
    JsonWriter json;
    json.BeginObject().Member("s", "x").Member("n", int64_t(-5)).Member("b", true).Key("z").Null();
    json.Optional("absent", std::optional<std::string>()).Optional("none", std::optional<int64_t>());
    json.Optional("there", std::optional<std::string>("y")).Member("list", std::vector<std::string>{"a", "b"});
    json.Key("o").BeginObject().EndObject().Key("a").BeginArray().BeginObject().EndObject().Number(1).EndArray().EndObject();
    EXPECT_EQ(json.Take(), R"({"s":"x","n":-5,"b":true,"z":null,"there":"y","list":["a","b"],"o":{},"a":[{},1]})");
    EXPECT_EQ(json.BeginArray().EndArray().Take(), "[]") << "may be used again";
}

TEST(JsonWriter, EscapesWhatTheReaderGivesBack) {
    std::string text;
    for (int c = 1; c < 128; c++) {
        text += char(c);
    }
    text += "\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80";
    std::string written = JsonWriter().String(text).Take();
    EXPECT_EQ(written.find('\n'), std::string::npos);
    EXPECT_EQ(*Read(written).String(), text);
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(JsonWriter().String("a\xE9z").Take(), "\"a\xEF\xBF\xBDz\"");
    EXPECT_EQ(*Read(JsonWriter().String("cut \xF0\x9F").Take()).String(), "cut \xEF\xBF\xBD");
}
