// An answer decides only when nothing about it is in doubt.
#include "core/decision_answer.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace warrant::core;

namespace {

constexpr char id[] = "req_0190f2a4b3";

DecisionAnswer Read(std::string_view body, int status = 200, std::string_view header = "") { return ReadDecisionAnswer({status, header, body}, id); }

template <typename Kind>
Kind As(const DecisionAnswer& answer) {
    auto* kind = std::get_if<Kind>(&answer);
    auto* error = std::get_if<AnswerError>(&answer);
    EXPECT_NE(kind, nullptr) << "is alternative " << answer.index() << (error ? ": " + error->reason : "");
    return kind ? *kind : Kind();
}

std::string Reason(const DecisionAnswer& answer) { return As<AnswerError>(answer).reason; }

// An answer with these members in its context, beside the id.
std::string Body(const char* decision, const std::string& members) {
    return std::string(R"({"decision":)") + decision + R"(,"context":{"request_id":"req_0190f2a4b3")" + members + "}}";
}

}    // namespace

TEST(DecisionAnswer, ReadsAnApproval) {
    auto approved =
        As<Approved>(Read(Body("true", R"(,"status":"approved","grant":{"ttl_s":900,"max_uses":1,"max_rows":100},"approver":{"id":"bob@example.com"},
                             "reason":"as agreed","decision_jws":"a.b.c")")));
    EXPECT_EQ(approved.ttl_s, 900);
    EXPECT_EQ(approved.max_uses, 1);
    EXPECT_EQ(approved.max_rows, 100);
    EXPECT_EQ(approved.approver, "bob@example.com");
    EXPECT_EQ(approved.reason, "as agreed");
    EXPECT_EQ(approved.decision_jws, "a.b.c");
}

TEST(DecisionAnswer, ReadsAnApprovalWithoutLimits) {
    auto approved = As<Approved>(Read(Body("true", R"(,"status":"approved")")));
    EXPECT_FALSE(approved.ttl_s || approved.max_uses || approved.max_rows);
    EXPECT_EQ(approved.approver + approved.reason + approved.decision_jws, "");
}

TEST(DecisionAnswer, ReadsADenial) {
    auto denied = As<Denied>(Read(Body("false", R"(,"status":"denied","reason":"not today","approver":{"id":"carol"})")));
    EXPECT_EQ(denied.reason, "not today");
    EXPECT_EQ(denied.approver, "carol");
}

TEST(DecisionAnswer, ReadsThatItIsPending) {
    EXPECT_EQ(As<Pending>(Read(Body("false", R"(,"status":"pending","poll_after_s":5)"))).poll_after_s, 5);
    EXPECT_FALSE(As<Pending>(Read(Body("false", R"(,"status":"pending")"))).poll_after_s);
}

TEST(DecisionAnswer, IsPendingByItsStatusAlone) {
    As<Pending>(Read("", 202));
    As<Pending>(Read("", 204));
    As<Pending>(Read(Body("true", R"(,"status":"approved")"), 202));
}

TEST(DecisionAnswer, IsAnErrorByItsStatusAlone) {
    for (int status : {0, 100, 199, 201, 203, 206, 301, 302, 307, 400, 401, 403, 404, 410, 429, 500, 503}) {
        EXPECT_EQ(Reason(Read(Body("true", R"(,"status":"approved")"), status)), "status " + std::to_string(status));
    }
}

TEST(DecisionAnswer, ABareDecisionNeedsTheHeader) {
    As<Approved>(Read(R"({"decision":true})", 200, id));
    As<Denied>(Read(R"({"decision":false})", 200, id));
    As<Approved>(Read(R"({"decision":true,"context":{}})", 200, id));
    EXPECT_EQ(Reason(Read(R"({"decision":true})")), "request id is not repeated");
    EXPECT_EQ(Reason(Read(R"({"decision":true})", 200, "req_other")), "request id is another request's");
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":{"request_id":""}})", 200, id)), "request id is not repeated");
}

TEST(DecisionAnswer, TheBodysIdWinsOverTheHeaders) {
    As<Approved>(Read(Body("true", ""), 200, "a-proxys-own"));
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":{"request_id":"req_other"}})", 200, id)), "request id is another request's");
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":{"request_id":"REQ_0190F2A4B3"}})")), "request id is another request's");
    EXPECT_EQ(Reason(ReadDecisionAnswer({200, "", R"({"decision":true,"context":{"request_id":""}})"}, "")), "no request id to compare with");
}

TEST(DecisionAnswer, NeedsABooleanDecision) {
    for (const char* body : {"{}", R"({"decision":null})", R"({"decision":"true"})", R"({"decision":1})", R"({"decision":{}})", R"([true])", "true",
                             "null", R"({"Decision":true})", R"({"context":{"decision":true,"request_id":"req_0190f2a4b3"}})"}) {
        EXPECT_EQ(Reason(Read(body, 200, id)), "decision is not true or false") << body;
    }
}

TEST(DecisionAnswer, RefusesAContradiction) {
    for (const char* body : {"approved", "denied", "pending"}) {
        bool approves = std::string(body) == "approved";
        EXPECT_EQ(Reason(Read(Body(approves ? "false" : "true", std::string(R"(,"status":")") + body + "\""))), "status contradicts decision")
            << body;
    }
    for (const char* status : {"", "APPROVED", "approved ", "granted"}) {
        EXPECT_EQ(Reason(Read(Body("true", std::string(R"(,"status":")") + status + "\""))), "status is unknown") << status;
    }
}

TEST(DecisionAnswer, RefusesWrongTypes) {
    const std::pair<const char*, const char*> cases[] = {
        {R"(,"status":true)", "status is not a string"},
        {R"(,"status":null)", "status is not a string"},
        {R"(,"grant":[])", "grant is not an object"},
        {R"(,"grant":null)", "grant is not an object"},
        {R"(,"grant":{"ttl_s":"900"})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"ttl_s":900.0})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"ttl_s":0})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"ttl_s":-1})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"ttl_s":2147483648})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"ttl_s":99999999999999999999})", "ttl_s is not a positive integer"},
        {R"(,"grant":{"max_uses":null})", "max_uses is not a positive integer"},
        {R"(,"grant":{"max_rows":true})", "max_rows is not a positive integer"},
        {R"(,"grant":{"exact":true})", "exact cannot be kept"},
        {R"(,"grant":{"exact":"no"})", "exact is not true or false"},
        {R"(,"grant":{"ttl_s":900,"columns":["id"]})", "grant has a member that is not known"},
        {R"(,"approver":"bob")", "approver is not an object"},
        {R"(,"approver":{"id":7})", "id is not a string"},
        {R"(,"reason":{})", "reason is not a string"},
        {R"(,"decision_jws":["a.b.c"])", "decision_jws is not a string"},
    };
    for (auto [members, reason] : cases) {
        EXPECT_EQ(Reason(Read(Body("true", members))), reason) << members;
    }
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":[]})", 200, id)), "context is not an object");
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":null})", 200, id)), "context is not an object");
    EXPECT_EQ(Reason(Read(R"({"decision":true,"context":{"request_id":7}})", 200, id)), "request_id is not a string");
    EXPECT_EQ(Reason(Read(Body("false", R"(,"status":"pending","poll_after_s":"5")"))), "poll_after_s is not a positive integer");
}

TEST(DecisionAnswer, RefusesABodyThatIsReadInTwoWays) {
    EXPECT_EQ(Reason(Read(R"({"decision":false,"decision":true})", 200, id)), "body: an object has the same name twice (at byte 34)");
    EXPECT_EQ(Reason(Read(Body("true", R"(,"status":"approved","x":{"y":1,"y":2})"))), "body: an object has the same name twice (at byte 95)");
    EXPECT_EQ(Reason(Read(R"({"decision":true} {"decision":false})", 200, id)), "body: not valid JSON (at byte 19)");
}

TEST(DecisionAnswer, RefusesABodyBeyondTheLimits) {
    std::string deep = std::string(16, '[') + std::string(16, ']');
    EXPECT_EQ(Reason(Read(R"({"decision":true,"x":)" + deep + "}", 200, id)), "body: nested too deeply (at byte 37)");
    EXPECT_EQ(Reason(Read(R"({"decision":true})" + std::string(64 * 1024, ' '), 200, id)), "body: longer than 65536 bytes (at byte 65536)");
    EXPECT_EQ(Reason(Read("", 200, id)), "body: not valid JSON (at byte 0)");
    EXPECT_EQ(Reason(Read("<html>Sign in</html>", 200, id)).find("Sign in"), std::string::npos);
}

TEST(DecisionAnswer, PassesOverWhatItDoesNotKnow) {
    As<Approved>(Read(R"({"evaluation":7,"decision":true,"context":{"request_id":"req_0190f2a4b3","poll_after_s":"never","obligations":[]}})"));
    As<Denied>(Read(Body("false", R"(,"grant":"none")")));
}
