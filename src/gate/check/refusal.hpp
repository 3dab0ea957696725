// Refusing: the request is filed and the rows are durable before the ERROR.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "rules/access.hpp"
#include "queue/shared.hpp"
#include "gate/check/refusal_error.hpp"

namespace warrant {

// Raises 42501; 55000 or 53400 when the refusal cannot be recorded. Returns when a webhook has approved it meanwhile: then the statement is to be
// decided again.
//   acting     the acting user who lacks the approval, and for whom the request is filed; nullptr for the subject
//   may_wait   false when the statement has waited for a webhook before, so that it waits once
void Refuse(QueryDesc* query, const Query* parsed, const RefusedAccess* refused, int count, const ActingUser* acting, bool may_wait);

// Has the recorder make the grants that policies of effect auto give the subject, or the acting user. The statement is to be decided again then; its
// claims are used. Raises 42501 when the subject has made too many attempts, and what the recorder answers: 53400 for too many grants.
void MakeGrants(QueryDesc* query, const Query* parsed, const RefusedAccess* automatic, int count, const ActingUser* acting);

// A refused access as the recorder's actions have it, with the rows that it may reach (-1: not known).
//   unfiled    why no request is to be filed for it although an approval would help; nullptr for none such
void AppendItem(StringInfo json, const RefusedAccess* item, int64_t rows, const char* unfiled = nullptr);

// The answer of the refusal that this session met last, for warrant.last_refusal; empty when there was none. Told to its subject alone: behind a pool
// the session has other subjects, too.
struct LastRefusal {
    // Of the statement record.
    uint64_t statement_id;
    Oid subject;
    TimestampTz refused_at;
    Access access;
    NameData schema_name;
    NameData relation_name;
    char policy_name[most_policy_name_bytes + 1];
    // The recorder's answer: request ids with commas, or why there is none.
    char answer[most_answer_bytes];
    // Besides request ids: of each policy that has no request a line with its number and why, and a line with what to do. Or empty.
    char unfiled[most_answer_bytes];
};
extern LastRefusal last_refusal;

// DISCARD ALL forgets the last refusal, because the session's next user starts afresh.
void ForgetLastRefusal();

}    // namespace warrant
