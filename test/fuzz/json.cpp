// The reader of JSON: whatever it accepts is written again and reads as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/json.hpp"

using namespace warrant::core;

namespace {

// What the writer can write; other numbers stand for their text.
void Write(JsonWriter* writer, const JsonValue& value) {
    switch (value.kind()) {
        case JsonValue::Kind::Null: writer->Null(); break;
        case JsonValue::Kind::Boolean: writer->Boolean(*value.Boolean()); break;
        case JsonValue::Kind::String: writer->String(*value.String()); break;
        case JsonValue::Kind::Number:
            if (value.Int64())
                writer->Number(*value.Int64());
            else
                writer->String(*value.NumberText());
            break;
        case JsonValue::Kind::Array:
            writer->BeginArray();
            for (const JsonValue& element : value.elements())
                Write(writer, element);
            writer->EndArray();
            break;
        case JsonValue::Kind::Object:
            writer->BeginObject();
            for (const JsonMember& member : value.members()) {
                writer->Key(member.name);
                Write(writer, member.value);
            }
            writer->EndObject();
            break;
    }
}

std::string Written(const JsonValue& value) {
    JsonWriter writer;
    Write(&writer, value);
    return writer.Take();
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto first = ParseJson({reinterpret_cast<const char*>(data), size});
    if (!std::holds_alternative<JsonValue>(first))
        return 0;
    std::string text = Written(std::get<JsonValue>(first));
    auto again = ParseJson(text, {.bytes = text.size()});
    if (!std::holds_alternative<JsonValue>(again) || Written(std::get<JsonValue>(again)) != text)
        abort();
    return 0;
}
