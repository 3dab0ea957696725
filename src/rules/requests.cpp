#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/requests.hpp"

namespace warrant {

namespace {

// Places in warrant.requests.
enum Column { c_id, c_state, c_requester, c_awaited };

RequestState ReadState(Datum value) {
    const char* word = TextDatumGetCString(value);
    const struct { const char* word; RequestState state; } states[] = {{"pending", RequestState::Pending}, {"approved", RequestState::Approved},
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
    Request request = {RequestState::Unknown, InvalidOid, false};
    CommittedScan scan;
    BeginCommitted(&scan, requests, [own] { return get_relname_relid("requests_pkey", own->schema); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(request_id));
    ForEachCommitted(&scan, &key, 1, [&request](Datum* values, bool*) {
        request = Request{ReadState(values[c_state]), DatumGetObjectId(values[c_requester]), DatumGetBool(values[c_awaited])};
    });
    EndCommitted(&scan);
    return request;
}

}    // namespace warrant
