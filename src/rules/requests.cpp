#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/approvers.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/requests.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_request[] = {{"state"}, {"requester"}, {"awaited"}, {"reason"}, {"ticket", true}};
enum { c_state, c_requester, c_awaited, c_reason, c_ticket };

constexpr OwnColumn of_item[] = {{"policy_id"}};

RequestState ReadState(Datum value) {
    const char* word = TextDatumGetCString(value);
    const struct {
        const char* word;
        RequestState state;
    } states[] = {{"draft", RequestState::Draft},   {"pending", RequestState::Pending},     {"approved", RequestState::Approved},
                  {"denied", RequestState::Denied}, {"cancelled", RequestState::Cancelled}, {"expired", RequestState::Expired}};
    for (const auto& known : states)
        if (strcmp(known.word, word) == 0)
            return known.state;
    return RequestState::Unknown;
}

}    // namespace

Request FindRequest(int64 request_id) {
    const Installation* own = FindInstallation();
    Oid requests = own == nullptr ? InvalidOid : get_relname_relid("requests", own->schema);
    if (!OidIsValid(requests))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the requests cannot be read")));
    Request request = {};
    CommittedScan scan;
    BeginOwn(&scan, of_request, requests, [own] { return get_relname_relid("requests_pkey", own->schema); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(request_id));
    ForEachCommitted(&scan, &key, 1, [&request](Datum* values, bool* nulls) {
        request = Request{ReadState(values[c_state]), DatumGetObjectId(values[c_requester]), DatumGetBool(values[c_awaited]), !nulls[c_reason],
                          !nulls[c_ticket]};
    });
    EndCommitted(&scan);
    return request;
}

bool IsApprover(int64 request_id, Oid role) {
    const Installation* own = RequireInstallation();
    Oid items = get_relname_relid("request_items", own->schema);
    if (!OidIsValid(items))
        return false;
    bool approver = false;
    List* voices = lcons_oid(role, DelegatorsOf(role));
    CommittedScan scan;
    BeginOwn(&scan, of_item, items, [own] { return get_relname_relid("request_items_request_id_idx", own->schema); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(request_id));
    ForEachCommitted(&scan, &key, 1, [&approver, voices](Datum* values, bool*) {
        const Policy* policy = approver ? nullptr : FindPolicy(DatumGetInt64(values[0]));
        ApproverRoles approvers = policy == nullptr ? ApproverRoles{} : ApproverRolesOf(policy);
        ListCell* voice;
        foreach (voice, voices) {
            approver = approver ||
                       (policy != nullptr && OidIsValid(policy->escalate_to) && is_member_of_role_nosuper(lfirst_oid(voice), policy->escalate_to));
            for (int i = 0; i < approvers.count && !approver; i++)
                approver = is_member_of_role_nosuper(lfirst_oid(voice), approvers.roles[i]);
        }
    });
    EndCommitted(&scan);
    return approver;
}

}    // namespace warrant
