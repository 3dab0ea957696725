#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/automatic.hpp"
#include "rules/committed.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_grant[] = {{"id"}, {"ends_at"}, {"closed_by"}, {"close_event", true}, {"granted_by"}, {"close_reason"}};
enum { c_id, c_ends_at, c_closed_by, c_close_event, c_granted_by, c_close_reason };

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

// The commands by name, with commas between them; none for ADMIN, which persons alone grant.
const char* NamesOf(CommandMask mask) {
    StringInfoData names;
    initStringInfo(&names);
    for (int i = 0; i < command_count; i++)
        if ((mask & MaskOf(Command(i)) & ~MaskOf(Command::Admin)) != 0)
            appendStringInfo(&names, "%s%s", names.len == 0 ? "" : ", ", NameOf(Command(i)));
    return names.data;
}

const char* RevokeInWords(const Revoke& revoke) {
    constexpr int most_words = 100;
    if (revoke.until == 0)    // which ended a moment ago
        return "its grant was revoked";
    const char* words = revoke.words == nullptr ? "" : InOneLine(revoke.words, int(strlen(revoke.words)), most_words);
    return psprintf("its grant %lld was revoked by \"%s\"%s, and it makes no other until %s", (long long)revoke.grant_id, revoke.by,
                    words[0] == '\0' ? "" : psprintf(" with the words \"%s\"", words), timestamptz_to_str(revoke.until));
}

}    // namespace

Revoke FindRevoke(int64_t policy_id, Oid subject, TimestampTz now, Rows rows) {
    const Installation* own = RequireInstallation();
    Revoke revoke;
    CommittedScan scan;
    BeginOwn(
        &scan, of_grant, get_relname_relid("grants", own->schema), [own] { return get_relname_relid("grants_by_grantee", own->schema); }, rows);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(subject));
    ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(now));
    ForEachCommitted(&scan, keys, 2, [&](Datum* values, bool* nulls) {
        TimestampTz ends_at = DatumGetTimestampTz(values[c_ends_at]);
        if (ends_at > revoke.until && IsRevoked(values, nulls) && IsUnder(DatumGetInt64(values[c_id]), policy_id, rows))
            revoke = Revoke{ends_at, DatumGetInt64(values[c_id]), pstrdup(NameStr(*DatumGetName(values[c_closed_by]))),
                            nulls[c_close_reason] ? nullptr : TextDatumGetCString(values[c_close_reason])};
    });
    EndCommitted(&scan);
    return revoke;
}

bool SaysSomething(const char* text) { return InOneLine(text, int(strlen(text)), 10)[0] != '\0'; }

// A parallel worker has a copy of its leader's claims, and cannot tell which of them are used: there none counts.
Lack LackOf(const Policy* policy, Oid subject, Command command, Claims claims, TimestampTz now) {
    if ((policy->named & MaskOf(command)) == 0 || command == Command::Admin)
        return Lack::Command;
    if (FindRevoke(policy->id, subject, now).until != 0)
        return Lack::Revoked;
    bool given = claims == Claims::Unknown || (claims == Claims::Own && !IsParallelWorker() && SaysSomething(TextOf(&settings.reason)));
    if (policy->require_reason && !given)
        return Lack::Reason;
    if (policy->ticket_pattern != nullptr && claims != Claims::Unknown &&
        (claims != Claims::Own || IsParallelWorker() || !FitsPattern(TextOf(&settings.ticket), policy->ticket_pattern)))
        return Lack::Ticket;
    return Lack::Nothing;
}

const char* WordsFor(Lack lack, const Policy* policy, Oid subject, TimestampTz now) {
    switch (lack) {
        case Lack::Command: return psprintf("it grants %s by itself, and nothing else", NamesOf(policy->named));
        case Lack::Reason: return "it grants for a reason, and none is given";
        case Lack::Ticket: return "it grants for a ticket, and none that it takes is given";
        case Lack::Revoked: return RevokeInWords(FindRevoke(policy->id, subject, now));
        default: return nullptr;
    }
}

const char* AdviceFor(Lack lack) {
    switch (lack) {
        case Lack::Command: return "An administrator can make a policy of effect approve, of lower priority: it asks a person for what is left.";
        case Lack::Reason: return "SET pg_warrant.reason = '...', and run the statement again.";
        case Lack::Ticket: return "SET pg_warrant.ticket = '...', and run the statement again.";
        case Lack::Revoked: return "Ask whoever revoked it. A policy of effect approve, of lower priority, asks a person until then.";
        default: return nullptr;
    }
}

}    // namespace warrant
