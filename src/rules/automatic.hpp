// Policies of effect auto, which grant by themselves: what one has to be given for a grant, and what keeps it from making one.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/policy.hpp"

namespace warrant {

// What a policy lacks for a grant.
enum class Lack : uint8_t { Nothing, Command, Reason, Ticket, ReasonAndTicket, Revoked };

// Whose claims the session has: those of the subject who is decided about, or somebody else's, which count for nothing. Of somebody who has another
// session nobody knows, and what the claims could give is taken as given.
enum class Claims : uint8_t { Own, OfSomebodyElse, Unknown };

// What the policy lacks for a grant of the command to the subject. Reads what was revoked from him: raises as FindGrant does.
Lack LackOf(const Policy* policy, Oid subject, Command command, Claims claims, TimestampTz now);

// The revoke that keeps the policy from granting to the subject. until is 0 when there is none, grant_id where all of his grants were revoked.
struct Revoke {
    TimestampTz until = 0;
    int64_t grant_id = 0;
    const char* by = nullptr;
    const char* words = nullptr;
};
Revoke FindRevoke(int64_t policy_id, Oid subject, TimestampTz now, Rows rows = Rows::Committed);

// Whether the text says something: blanks, and marks that show nothing, do not.
bool SaysSomething(const char* text);

// What the policy lacks, in words for the subject who is refused, or nullptr; and what to do about it, or nullptr.
const char* WordsFor(Lack lack, const Policy* policy, Oid subject, TimestampTz now);
const char* AdviceFor(Lack lack);

}    // namespace warrant
