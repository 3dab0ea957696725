// JSON (RFC 8259): a strict reader for answers from outside, and a writer for the bodies we send.
//
// The reader takes only what cannot be understood in two ways: UTF-8 without a byte order mark, no member name twice in an
// object, no NUL in a string (the server's text cannot hold it), nothing after the value; and no more than the caller's limits.
// Built on nlohmann's parser, which this header hides. Nothing here throws, except the writer when memory is out.
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warrant::core {

struct JsonMember;

// A value read, with all that is in it: immutable, owns its memory. A question of the wrong kind is answered with nothing.
class JsonValue {
  public:
    enum class Kind : uint8_t { Null, Boolean, Number, String, Array, Object };

    Kind kind() const { return kind_; }
    bool IsObject() const { return kind_ == Kind::Object; }

    std::optional<bool> Boolean() const;
    // The string, unescaped, UTF-8. nullptr for any other kind.
    const std::string* String() const;
    // A number as text: integers in plain decimal form, others as they were written. nullptr for any other kind.
    const std::string* NumberText() const;
    // An integer within int64. Not 1.0 and not 1e3: who writes an integer like that may have rounded it.
    std::optional<int64_t> Int64() const;

    // The elements of an array; empty for any other kind.
    const std::vector<JsonValue>& elements() const { return elements_; }
    // The members of an object, by name; empty for any other kind.
    const std::vector<JsonMember>& members() const { return members_; }
    // The member of an object; nullptr when there is none.
    const JsonValue* Find(std::string_view name) const;

    // A member's value, where the member is there and of that kind. An empty string is as none.
    std::optional<std::string> OptionalText(std::string_view name) const;
    std::string Text(std::string_view name) const { return OptionalText(name).value_or(""); }
    std::optional<int64_t> OptionalNumber(std::string_view name) const;
    // The member itself, or a null.
    const JsonValue& Part(std::string_view name) const;

  private:
    friend class JsonBuilder;

    Kind kind_ = Kind::Null;
    bool boolean_ = false;
    std::string text_;
    std::vector<JsonValue> elements_;
    std::vector<JsonMember> members_;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

// Why a text was refused. The reason says nothing of the text's content, so that it may be logged.
struct JsonError {
    size_t position;       // bytes read when it was noticed
    std::string reason;    // lower case, no full stop
};

struct JsonLimits {
    size_t bytes = 64 * 1024;
    size_t depth = 16;    // arrays and objects around a value; [] is 1
};

std::variant<JsonValue, JsonError> ParseJson(std::string_view text, const JsonLimits& limits = {}) noexcept;

// Writes compact JSON from beginning to end; the caller keeps Begin and End in pairs. Bytes that are not UTF-8 become U+FFFD:
// a statement in a database without an encoding must not make the body unreadable.
class JsonWriter {
  public:
    JsonWriter& BeginObject();
    JsonWriter& EndObject();
    JsonWriter& BeginArray();
    JsonWriter& EndArray();
    JsonWriter& Key(std::string_view name);
    JsonWriter& String(std::string_view value);
    JsonWriter& Number(int64_t value);
    JsonWriter& Boolean(bool value);
    JsonWriter& Null();

    // Writes a member in one call.
    JsonWriter& Member(std::string_view name, std::string_view value) { return Key(name).String(value); }
    JsonWriter& Member(std::string_view name, int64_t value) { return Key(name).Number(value); }
    JsonWriter& Member(std::string_view name, const std::vector<std::string>& values);
    template <std::same_as<bool> Value>    // not through a conversion: a literal would rather become a bool than a string_view
    JsonWriter& Member(std::string_view name, Value value) {
        return Key(name).Boolean(value);
    }
    // Writes a member; without a value there is none.
    JsonWriter& Optional(std::string_view name, const std::optional<std::string>& value);
    JsonWriter& Optional(std::string_view name, std::optional<int64_t> value);

    // What was written; the writer is empty afterwards.
    std::string Take();

  private:
    JsonWriter& Raw(std::string_view text);

    std::string text_;
    bool comma_ = false;    // the next value or key needs one before it
};

}    // namespace warrant::core
