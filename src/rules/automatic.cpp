#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/automatic.hpp"
#include "rules/committed.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

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
        return "its grants were revoked";
    const char* words = revoke.words == nullptr ? "" : InOneLine(revoke.words, int(strlen(revoke.words)), most_words);
    return psprintf("%s revoked by \"%s\"%s, and it makes none until %s",
                    revoke.grant_id == 0 ? "all grants were" : psprintf("its grant %lld was", (long long)revoke.grant_id), Shown(revoke.by),
                    words[0] == '\0' ? "" : psprintf(" with the words \"%s\"", words), timestamptz_to_str(revoke.until));
}

}    // namespace

// An older script has no such table, and makes no such grants.
Revoke FindRevoke(int64_t policy_id, Oid subject, TimestampTz now, Rows rows) {
    static constexpr OwnColumn of_stop[] = {{"until"}, {"stopped_by"}, {"reason"}, {"grant_id"}};
    enum { c_until, c_stopped_by, c_reason, c_grant_id };
    const Installation* own = RequireInstallation();
    Oid stops = get_relname_relid("auto_stops", own->schema);
    Revoke revoke;
    if (!OidIsValid(stops))
        return revoke;
    CommittedScan scan;
    BeginOwn(
        &scan, of_stop, stops, [own] { return get_relname_relid("auto_stops_pkey", own->schema); }, rows);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(subject));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(policy_id));
    ForEachCommitted(&scan, keys, 2, [&](Datum* values, bool* nulls) {
        TimestampTz until = DatumGetTimestampTz(values[c_until]);
        if (until > now)
            revoke = Revoke{until, nulls[c_grant_id] ? 0 : DatumGetInt64(values[c_grant_id]), pstrdup(NameStr(*DatumGetName(values[c_stopped_by]))),
                            nulls[c_reason] ? nullptr : TextDatumGetCString(values[c_reason])};
    });
    EndCommitted(&scan);
    return revoke;
}

bool SaysSomething(const char* text) { return InOneLine(text, int(strlen(text)), 10)[0] != '\0'; }

Lack LackOf(const Policy* policy, Oid subject, Command command, Claims claims, TimestampTz now) {
    if ((policy->named & MaskOf(command)) == 0 || command == Command::Admin)
        return Lack::Command;
    if (FindRevoke(policy->id, subject, now).until != 0)
        return Lack::Revoked;
    if (claims == Claims::Unknown)
        return Lack::Nothing;
    bool own = claims == Claims::Own;
    bool reason = policy->require_reason && !(own && SaysSomething(TextOf(&settings.reason)));
    bool ticket = policy->ticket_pattern != nullptr && !(own && FitsPattern(TextOf(&settings.ticket), policy->ticket_pattern));
    return reason && ticket ? Lack::ReasonAndTicket : reason ? Lack::Reason : ticket ? Lack::Ticket : Lack::Nothing;
}

const char* WordsFor(Lack lack, const Policy* policy, Oid subject, TimestampTz now) {
    switch (lack) {
        case Lack::Command: return psprintf("it grants %s by itself, and nothing else", NamesOf(policy->named));
        case Lack::Reason: return "it grants for a reason, and none is given";
        case Lack::Ticket: return psprintf("it grants for a ticket that matches %s, and none such is given", PatternInWords(policy->ticket_pattern));
        case Lack::ReasonAndTicket:
            return psprintf("it grants for a reason and a ticket that matches %s, and neither is given", PatternInWords(policy->ticket_pattern));
        case Lack::Revoked: return RevokeInWords(FindRevoke(policy->id, subject, now));
        default: return nullptr;
    }
}

const char* AdviceFor(Lack lack) {
    switch (lack) {
        case Lack::Command: return "An administrator can make a policy of effect approve, of lower priority: it asks a person for what is left.";
        case Lack::Reason: return "SET pg_warrant.reason = '...', and run the statement again.";
        case Lack::Ticket: return "SET pg_warrant.ticket = '...', and run the statement again.";
        case Lack::ReasonAndTicket: return "SET pg_warrant.reason = '...'; SET pg_warrant.ticket = '...'; and run the statement again.";
        case Lack::Revoked: return "Ask whoever revoked it. A policy of effect approve, of lower priority, asks a person until then.";
        default: return nullptr;
    }
}

}    // namespace warrant
