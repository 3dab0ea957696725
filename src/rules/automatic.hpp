// Policies of effect auto, which grant by themselves: what one has to be given for a grant, and what keeps it from making one.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/policy.hpp"

namespace warrant {

// What a policy lacks for a grant.
enum class Lack : uint8_t { Nothing, Command, Reason, Ticket, Revoked };

// Whose claims the session has: those of the subject who is decided about, or somebody else's, which count for nothing. Of somebody who has another
// session nobody knows, and what the claims could give is taken as given.
enum class Claims : uint8_t { Own, OfSomebodyElse, Unknown };

// What the policy lacks for a grant of the command to the subject. Reads the grants that were revoked from him: raises as FindGrant does.
Lack LackOf(const Policy* policy, Oid subject, Command command, Claims claims, TimestampTz now);

// Until when the policy makes no grant to the subject, because one that it had made was revoked; 0 when none was. What a person ends, the next
// statement does not begin again: it stays ended as long as it would have lived.
TimestampTz RevokedUntil(int64_t policy_id, Oid subject, TimestampTz now, Rows rows = Rows::Committed);

// Whether the text says something: blanks, and marks that show nothing, do not.
bool SaysSomething(const char* text);

// The lack in words, for who is refused; and what to do about it, or nullptr.
const char* WordsFor(Lack lack);
const char* AdviceFor(Lack lack);

}    // namespace warrant
