#include "core/decision_answer.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <utility>

namespace warrant::core {

namespace {

enum class Status : uint8_t { Approved, Denied, Pending };

// Reads members one by one and keeps the first thing that was wrong; afterwards it reads nothing more.
class Reader {
  public:
    // Each reads a member that may be absent. Where the object is nullptr, all members are absent.
    const JsonValue* Object(const JsonValue* object, const char* name) {
        const JsonValue* value = Member(object, name);
        return Check(!value || value->IsObject(), name, "is not an object") ? value : nullptr;
    }

    std::optional<std::string> String(const JsonValue* object, const char* name) {
        const JsonValue* value = Member(object, name);
        return Check(!value || value->String(), name, "is not a string") && value ? std::optional(*value->String()) : std::nullopt;
    }

    std::optional<int64_t> Positive(const JsonValue* object, const char* name, int64_t largest = INT32_MAX) {
        const JsonValue* value = Member(object, name);
        std::optional<int64_t> number = value ? value->Int64() : std::nullopt;
        return Check(!value || (number && *number > 0 && *number <= largest), name, "is not a positive integer") ? number : std::nullopt;
    }

    // Refuses a limit that the gate cannot keep yet, because without it the grant would be wider than the answer.
    void OnlyFalse(const JsonValue* object, const char* name) {
        const JsonValue* value = Member(object, name);
        Check(!value || value->Boolean(), name, "is not true or false");
        Check(!value || value->Boolean() != std::optional(true), name, "cannot be kept");
    }

    // Refuses members that are not known: one may be a limit that would not be kept.
    void OnlyKnown(const JsonValue* object, std::initializer_list<std::string_view> names) {
        for (size_t i = 0; object && i < object->members().size(); i++) {
            bool known = std::find(names.begin(), names.end(), object->members()[i].name) != names.end();
            Check(known, "grant", "has a member that is not known");
        }
    }

    bool Check(bool good, const char* subject, const char* complaint) {
        if (!good && reason_.empty()) {
            reason_.append(subject).append(" ").append(complaint);
        }
        return good;
    }

    bool failed() const { return !reason_.empty(); }
    std::string TakeReason() { return std::move(reason_); }

  private:
    const JsonValue* Member(const JsonValue* object, const char* name) const { return object && !failed() ? object->Find(name) : nullptr; }

    std::string reason_;
};

// The status that the answer states, which must agree with its decision, or the one that a bare decision means.
std::optional<Status> ReadStatus(Reader* reader, const JsonValue* context, bool decision) {
    std::optional<std::string> stated = reader->String(context, "status");
    Status status = decision ? Status::Approved : Status::Denied;
    if (stated == "pending") {
        status = Status::Pending;
    }
    bool known = !stated || stated == "approved" || stated == "denied" || stated == "pending";
    bool agrees = !stated || (stated == "approved") == decision;
    if (!reader->Check(known, "status", "is unknown") || !reader->Check(agrees, "status", "contradicts decision") || reader->failed()) {
        return std::nullopt;
    }
    return status;
}

Approved ReadApproval(Reader* reader, const JsonValue* context) {
    const JsonValue* grant = reader->Object(context, "grant");
    Approved approved;
    approved.ttl_s = reader->Positive(grant, "ttl_s");
    approved.max_uses = reader->Positive(grant, "max_uses");
    approved.max_rows = reader->Positive(grant, "max_rows", INT64_MAX);
    reader->OnlyFalse(grant, "exact");
    reader->OnlyKnown(grant, {"ttl_s", "max_uses", "max_rows", "exact"});
    return approved;
}

template <typename Decision>
Decision WithItsMaker(Reader* reader, const JsonValue* context, Decision decision) {
    decision.approver = reader->String(reader->Object(context, "approver"), "id").value_or("");
    decision.reason = reader->String(context, "reason").value_or("");
    decision.decision_jws = reader->String(context, "decision_jws").value_or("");
    return decision;
}

void CheckRequestId(Reader* reader, const JsonValue* context, std::string_view header, std::string_view expected) {
    std::optional<std::string> echoed = reader->String(context, "request_id");
    // A proxy may put its own id into the header, so the header counts only where the body is silent.
    std::string_view given = echoed ? std::string_view(*echoed) : header;
    reader->Check(!given.empty(), "request id", "is not repeated");
    reader->Check(given == expected, "request id", "is another request's");
}

DecisionAnswer ReadBody(const HttpAnswer& answer, std::string_view request_id) {
    auto parsed = ParseJson(answer.body);
    if (auto* error = std::get_if<JsonError>(&parsed)) {
        return AnswerError{"body: " + error->reason + " (at byte " + std::to_string(error->position) + ")"};
    }
    const JsonValue& root = std::get<JsonValue>(parsed);
    const JsonValue* decision = root.Find("decision");
    if (!decision || !decision->Boolean()) {
        return AnswerError{"decision is not true or false"};
    }

    Reader reader;
    const JsonValue* context = reader.Object(&root, "context");
    CheckRequestId(&reader, context, answer.request_id, request_id);
    std::optional<Status> status = ReadStatus(&reader, context, *decision->Boolean());
    DecisionAnswer result;
    if (status == Status::Approved) {
        result = WithItsMaker(&reader, context, ReadApproval(&reader, context));
    } else if (status == Status::Denied) {
        result = WithItsMaker(&reader, context, Denied());
    } else if (status == Status::Pending) {
        result = Pending{reader.Positive(context, "poll_after_s")};
    }
    return reader.failed() ? AnswerError{reader.TakeReason()} : std::move(result);
}

}    // namespace

DecisionAnswer ReadDecisionAnswer(const HttpAnswer& answer, std::string_view request_id) noexcept try {
    if (answer.status == 202 || answer.status == 204) {
        return Pending();
    }
    if (answer.status != 200) {
        return AnswerError{"status " + std::to_string(answer.status)};
    }
    if (request_id.empty()) {
        return AnswerError{"no request id to compare with"};
    }
    return ReadBody(answer, request_id);
} catch (const std::exception&) {
    return AnswerError{"out of memory"};    // short enough to need none
}

}    // namespace warrant::core
