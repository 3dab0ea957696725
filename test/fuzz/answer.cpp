// A webhook's answer: only one that repeats the request's id decides, and limits are within their ranges.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/decision_answer.hpp"

using namespace warrant::core;

namespace {

constexpr std::string_view request_id = "req-1";

void Require(bool holds) {
    if (!holds)
        abort();
}

bool IsWithin(const std::optional<int64_t>& value, int64_t most) { return !value || (*value >= 1 && *value <= most); }

}    // namespace

// The first byte chooses the status and the header, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0)
        return 0;
    static constexpr int statuses[] = {200, 202, 204, 500};
    int status = statuses[data[0] & 3];
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    DecisionAnswer answer = ReadDecisionAnswer({status, data[0] & 4 ? request_id : std::string_view(), body}, request_id);
    bool decides = std::holds_alternative<Approved>(answer) || std::holds_alternative<Denied>(answer);
    Require(!decides || status == 200);
    Require(!decides || (data[0] & 4) || body.find("context") != body.npos || body.find('\\') != body.npos);
    if (const Approved* approved = std::get_if<Approved>(&answer))
        Require(IsWithin(approved->ttl_s, INT32_MAX) && IsWithin(approved->max_uses, INT32_MAX) && IsWithin(approved->max_rows, INT64_MAX));
    if (const Pending* pending = std::get_if<Pending>(&answer))
        Require(IsWithin(pending->poll_after_s, INT32_MAX));
    return 0;
}
