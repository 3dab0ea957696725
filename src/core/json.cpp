#include "core/json.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace warrant::core {

// --- questions ---

std::optional<bool> JsonValue::Boolean() const { return kind_ == Kind::Boolean ? std::optional(boolean_) : std::nullopt; }

const std::string* JsonValue::String() const { return kind_ == Kind::String ? &text_ : nullptr; }

const std::string* JsonValue::NumberText() const { return kind_ == Kind::Number ? &text_ : nullptr; }

std::optional<int64_t> JsonValue::Int64() const {
    int64_t value = 0;
    const char* end = text_.data() + text_.size();
    if (kind_ != Kind::Number) {
        return std::nullopt;
    }
    auto [read, error] = std::from_chars(text_.data(), end, value);
    return error == std::errc() && read == end ? std::optional(value) : std::nullopt;
}

const JsonValue* JsonValue::Find(std::string_view name) const {
    auto found = std::lower_bound(members_.begin(), members_.end(), name,
                                  [](const JsonMember& member, std::string_view wanted) { return member.name < wanted; });
    return found != members_.end() && found->name == name ? &found->value : nullptr;
}

std::optional<std::string> JsonValue::OptionalText(std::string_view name) const {
    const std::string* text = Part(name).String();
    return text == nullptr || text->empty() ? std::nullopt : std::optional(*text);
}

std::optional<int64_t> JsonValue::OptionalNumber(std::string_view name) const { return Part(name).Int64(); }

const JsonValue& JsonValue::Part(std::string_view name) const {
    static const JsonValue none;
    const JsonValue* value = Find(name);
    return value == nullptr ? none : *value;
}

// --- the reader ---

namespace {

// The parser tells a position only with its own errors; counting what it takes tells it for ours.
struct CountingIterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    const char* at;
    size_t* count;

    reference operator*() const { return *at; }
    CountingIterator& operator++() {
        ++at;
        ++*count;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at == b.at; }
};

}    // namespace

// Receives the parser's events and builds the tree. The containers that are open are kept here, not in the tree, because a
// container that grows moves what is in it.
class JsonBuilder {
  public:
    using number_integer_t = int64_t;
    using number_unsigned_t = uint64_t;
    using number_float_t = double;
    using string_t = std::string;
    using binary_t = nlohmann::json::binary_t;

    explicit JsonBuilder(size_t depth_limit) : depth_limit_(depth_limit) {}

    bool null() { return Add(Value(JsonValue::Kind::Null)); }
    bool boolean(bool value) {
        JsonValue added = Value(JsonValue::Kind::Boolean);
        added.boolean_ = value;
        return Add(std::move(added));
    }
    bool number_integer(number_integer_t value) { return AddText(JsonValue::Kind::Number, std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) { return AddText(JsonValue::Kind::Number, std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) { return AddText(JsonValue::Kind::Number, text); }
    bool string(string_t& value) {
        return value.find('\0') == std::string::npos ? AddText(JsonValue::Kind::String, std::move(value)) : Refuse("NUL in a string");
    }
    bool binary(binary_t&) { return Refuse("not JSON"); }

    bool start_object(std::size_t) { return Open(JsonValue::Kind::Object); }
    bool start_array(std::size_t) { return Open(JsonValue::Kind::Array); }
    bool key(string_t& name) {
        if (name.find('\0') != std::string::npos) {
            return Refuse("NUL in a name");
        }
        open_.back().members_.push_back({std::move(name), {}});
        return true;
    }
    bool end_array() { return Close(); }
    bool end_object() {
        auto& members = open_.back().members_;
        std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        auto twice = std::adjacent_find(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
        return twice == members.end() ? Close() : Refuse("an object has the same name twice");
    }

    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) {
        // nlohmann's error 406 is a number beyond a double.
        return Refuse(error.id == 406 ? "number out of range" : "not valid JSON");
    }

    const std::string& reason() const { return reason_; }
    JsonValue Take() { return std::move(root_); }

  private:
    static JsonValue Value(JsonValue::Kind kind) {
        JsonValue value;
        value.kind_ = kind;
        return value;
    }

    bool Refuse(const char* reason) {
        reason_ = reason;
        return false;
    }

    bool AddText(JsonValue::Kind kind, std::string text) {
        JsonValue added = Value(kind);
        added.text_ = std::move(text);
        return Add(std::move(added));
    }

    bool Add(JsonValue value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (open_.back().IsObject()) {
            open_.back().members_.back().value = std::move(value);
        } else {
            open_.back().elements_.push_back(std::move(value));
        }
        return true;
    }

    bool Open(JsonValue::Kind kind) {
        if (open_.size() >= depth_limit_) {
            return Refuse("nested too deeply");
        }
        open_.push_back(Value(kind));
        return true;
    }

    bool Close() {
        JsonValue closed = std::move(open_.back());
        open_.pop_back();
        return Add(std::move(closed));
    }

    size_t depth_limit_;
    std::vector<JsonValue> open_;
    JsonValue root_;
    std::string reason_;
};

std::variant<JsonValue, JsonError> ParseJson(std::string_view text, const JsonLimits& limits) noexcept try {
    if (text.size() > limits.bytes) {
        return JsonError{limits.bytes, "longer than " + std::to_string(limits.bytes) + " bytes"};
    }
    // The parser takes a NUL for the end and skips a byte order mark.
    if (size_t nul = text.find('\0'); nul != std::string_view::npos) {
        return JsonError{nul, "not valid JSON"};
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        return JsonError{0, "byte order mark"};
    }
    size_t position = 0;
    JsonBuilder builder(limits.depth);
    CountingIterator begin{text.data(), &position}, end{text.data() + text.size(), nullptr};
    if (!nlohmann::json::sax_parse(begin, end, &builder)) {
        return JsonError{position, builder.reason()};
    }
    return builder.Take();
} catch (const std::exception&) {
    return JsonError{0, "out of memory"};    // short enough to need none
}

// --- the writer ---

JsonWriter& JsonWriter::Raw(std::string_view text) {
    if (comma_) {
        text_ += ',';
    }
    text_ += text;
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::BeginObject() {
    Raw("{").comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::EndObject() {
    text_ += '}';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::BeginArray() {
    Raw("[").comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::EndArray() {
    text_ += ']';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
    return Raw(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

JsonWriter& JsonWriter::Key(std::string_view name) {
    String(name);
    text_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::Number(int64_t value) { return Raw(std::to_string(value)); }

JsonWriter& JsonWriter::Boolean(bool value) { return Raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Optional(std::string_view name, const std::optional<std::string>& value) {
    return value ? Member(name, std::string_view(*value)) : *this;
}

JsonWriter& JsonWriter::Optional(std::string_view name, std::optional<int64_t> value) { return value ? Member(name, *value) : *this; }

JsonWriter& JsonWriter::Member(std::string_view name, const std::vector<std::string>& values) {
    Key(name).BeginArray();
    for (const std::string& value : values) {
        String(value);
    }
    return EndArray();
}

std::string JsonWriter::Take() {
    comma_ = false;
    return std::exchange(text_, {});
}

}    // namespace warrant::core
