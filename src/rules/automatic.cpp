#include "pg/server.hpp"

#include <algorithm>

#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/automatic.hpp"
#include "rules/committed.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_grant[] = {{"id"}, {"ends_at"}, {"closed_by"}, {"close_event", true}, {"granted_by"}};
enum { c_id, c_ends_at, c_closed_by, c_close_event, c_granted_by };

// Whether a person has ended a grant that no person gave. Who has given his own back may have another.
bool IsRevoked(const Datum* values, const bool* nulls) {
    const ArrayType* granted_by = DatumGetArrayTypeP(values[c_granted_by]);
    return !nulls[c_closed_by] && !nulls[c_close_event] && ARR_NDIM(granted_by) == 0 &&
           strcmp(TextDatumGetCString(values[c_close_event]), "grant_revoked") == 0;
}

bool IsUnder(int64_t grant_id, int64_t policy_id, Rows rows) {
    static constexpr OwnColumn of_scope[] = {{"policy_id"}};
    const Installation* own = RequireInstallation();
    CommittedScan scan;
    BeginOwn(
        &scan, of_scope, own->grant_scopes, [own] { return get_relname_relid("grant_scopes_grant_id_idx", own->schema); }, rows);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(grant_id));
    bool found = AnyCommitted(&scan, &key, 1, [policy_id](Datum* values, bool*) { return DatumGetInt64(values[0]) == policy_id; });
    EndCommitted(&scan);
    return found;
}

}    // namespace

TimestampTz RevokedUntil(int64_t policy_id, Oid subject, TimestampTz now, Rows rows) {
    const Installation* own = RequireInstallation();
    TimestampTz until = 0;
    CommittedScan scan;
    BeginOwn(
        &scan, of_grant, get_relname_relid("grants", own->schema), [own] { return get_relname_relid("grants_by_grantee", own->schema); }, rows);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(subject));
    ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(now));
    ForEachCommitted(&scan, keys, 2, [&](Datum* values, bool* nulls) {
        if (IsRevoked(values, nulls) && IsUnder(DatumGetInt64(values[c_id]), policy_id, rows))
            until = std::max(until, DatumGetTimestampTz(values[c_ends_at]));
    });
    EndCommitted(&scan);
    return until;
}

bool SaysSomething(const char* text) { return InOneLine(text, int(strlen(text)), 10)[0] != '\0'; }

// A parallel worker has a copy of its leader's claims, and cannot tell which of them are used: there none counts.
Lack LackOf(const Policy* policy, Oid subject, Command command, Claims claims, TimestampTz now) {
    if ((policy->named & MaskOf(command)) == 0 || command == Command::Admin)
        return Lack::Command;
    bool given = claims == Claims::Unknown || (claims == Claims::Own && !IsParallelWorker() && SaysSomething(TextOf(&settings.reason)));
    if (policy->require_reason && !given)
        return Lack::Reason;
    if (policy->ticket_pattern != nullptr && claims != Claims::Unknown &&
        (claims != Claims::Own || IsParallelWorker() || !FitsPattern(TextOf(&settings.ticket), policy->ticket_pattern)))
        return Lack::Ticket;
    return RevokedUntil(policy->id, subject, now) != 0 ? Lack::Revoked : Lack::Nothing;
}

const char* WordsFor(Lack lack) {
    switch (lack) {
        case Lack::Command: return "it grants the commands that it names, and this is none of them";
        case Lack::Reason: return "it grants for a reason, and none is given";
        case Lack::Ticket: return "it grants for a ticket, and none that it takes is given";
        case Lack::Revoked: return "its grant was revoked, and it makes no other until that one would have ended";
        default: return nullptr;
    }
}

const char* AdviceFor(Lack lack) {
    return lack == Lack::Reason   ? "SET pg_warrant.reason = '...', and run the statement again."
           : lack == Lack::Ticket ? "SET pg_warrant.ticket = '...', and run the statement again."
                                  : nullptr;
}

}    // namespace warrant
