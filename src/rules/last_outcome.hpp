// What became of the last approval that somebody had, asked for in vain or still waits for: told to whoever is refused again. It is read where a
// statement is refused already, in a bounded number of rows.
#pragma once

#include "pg/server.hpp"

#include "rules/governing_policies.hpp"

namespace warrant {

// How the subject's last request or grant for the command on the relation ended within the last day, unless the subject gave it back: a full sentence
// of one line in the current memory context; nullptr when there was none. It has what the subject reads in warrant.my_requests and
// warrant.request_timeline.
char* LastOutcome(Oid subject, const GoverningPolicies* policies, Command command);

// The latest request of the requester's that is pending for the command on the whole relation; 0 for none.
int64 FindPendingRequest(Oid requester, const GoverningPolicies* policies, Command command);

// Who denied the request, and with what words, as " by "boss" with the words "no"", in the current memory context; empty when nobody did.
const char* DenialInWords(int64 request_id);

// Whether the request was asked for by this profile.
bool IsByProfile(int64 request_id, const char* name);

}    // namespace warrant
