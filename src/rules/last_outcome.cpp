#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/last_outcome.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

constexpr int64 looks_back_us = USECS_PER_DAY;
constexpr int most_looked_at = 50;    // rows of requests, and of grants of each role
constexpr int most_roles = 20;
constexpr int most_words = 120;

enum class Ended { Denied, Revoked, GivenBack, Expired, UsedUp };

// A request or grant that has ended.
struct Outcome {
    Ended how;
    int64 id;
    TimestampTz at;
    const char* closer;    // of a grant: who revoked it, or nullptr
    const char* words;     // of a grant: why it was revoked, or nullptr
};

// Calls test(values, nulls) for the rows of one of our tables, from the index's end, until it holds. An older script may lack the index.
template <class Test>
void LookBack(const char* table, const char* index, const OwnColumns& columns, ScanKeyData* keys, int key_count, Test test) {
    const Installation* own = RequireInstallation();
    Oid found = get_relname_relid(table, own->schema);
    if (!OidIsValid(found) || !OidIsValid(get_relname_relid(index, own->schema)))
        return;
    CommittedScan scan;
    BeginOwn(&scan, columns, found, [own, index] { return get_relname_relid(index, own->schema); });
    (void)AnyCommitted(&scan, keys, key_count, test, BackwardScanDirection);
    EndCommitted(&scan);
}

template <class Test>
void LookBackById(const char* table, const char* index, const OwnColumns& columns, int64 id, Test test) {
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    LookBack(table, index, columns, &key, 1, test);
}

// The keys of what is the role's in an index of roles and times, and not older than a day.
void SetKeysOf(ScanKeyData* keys, Oid role, TimestampTz now) {
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
    ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT, TimestampTzGetDatum(now - looks_back_us));
}

List* Add(List* outcomes, const Outcome& outcome) {
    Outcome* added = static_cast<Outcome*>(palloc(sizeof(Outcome)));
    *added = outcome;
    return lappend(outcomes, added);
}

List* AddDenied(List* outcomes, Oid requester, TimestampTz now) {
    static constexpr OwnColumn of_request[] = {{"id"}, {"state"}, {"decided_at"}};
    ScanKeyData keys[2];
    SetKeysOf(keys, requester, now);
    int looked_at = 0;
    LookBack("requests", "requests_by_requester", of_request, keys, 2, [&](Datum* values, bool* nulls) {
        if (strcmp(TextDatumGetCString(values[1]), "denied") == 0 && !nulls[2])
            outcomes = Add(outcomes, {Ended::Denied, DatumGetInt64(values[0]), DatumGetTimestampTz(values[2]), nullptr, nullptr});
        return ++looked_at == most_looked_at;
    });
    return outcomes;
}

// When the last use of a grant was spent; 0 when uses are left, or it is unlimited. An older script does not know when: then it is the grant's start.
TimestampTz UsedUpAt(int64 grant_id, TimestampTz starts_at) {
    static constexpr OwnColumn of_uses[] = {{"uses_left"}, {"used_at", true}};
    TimestampTz at = 0;
    LookBackById("grant_uses", "grant_uses_pkey", of_uses, grant_id, [&](Datum* values, bool* nulls) {
        if (DatumGetInt32(values[0]) == 0)
            at = nulls[1] ? starts_at : DatumGetTimestampTz(values[1]);
        return true;
    });
    return at;
}

// clang-format off
constexpr OwnColumn of_grant[] = {{"id"}, {"starts_at"}, {"ends_at"}, {"closed_at"}, {"closed_by"}, {"close_reason"}, {"max_uses"}, {"close_event", true}};
enum { c_id, c_starts_at, c_ends_at, c_closed_at, c_closed_by, c_close_reason, c_max_uses, c_close_event };
// clang-format on

// Whether the grant has ended, and how.
bool ReadOutcome(const Datum* values, const bool* nulls, TimestampTz now, Outcome* outcome) {
    TimestampTz ends_at = DatumGetTimestampTz(values[c_ends_at]);
    *outcome = Outcome{Ended::Expired, DatumGetInt64(values[c_id]), ends_at, nullptr, nullptr};
    TimestampTz used_up = nulls[c_max_uses] ? 0 : UsedUpAt(outcome->id, DatumGetTimestampTz(values[c_starts_at]));
    const char* reason = nulls[c_close_reason] ? "" : TextDatumGetCString(values[c_close_reason]);
    // Without words, an older release put the event in their place.
    bool tells_event = !nulls[c_close_event];
    const char* event = tells_event ? TextDatumGetCString(values[c_close_event]) : reason;
    if (used_up != 0) {
        outcome->how = Ended::UsedUp;
        outcome->at = used_up;
    } else if (!nulls[c_closed_at] && strcmp(event, "grant_expired") != 0) {
        bool given_back = strcmp(event, "grant_given_back") == 0;
        outcome->how = given_back ? Ended::GivenBack : Ended::Revoked;
        outcome->at = DatumGetTimestampTz(values[c_closed_at]);
        outcome->closer = nulls[c_closed_by] ? nullptr : pstrdup(NameStr(*DatumGetName(values[c_closed_by])));
        outcome->words = given_back || (!tells_event && strcmp(reason, "grant_revoked") == 0) ? nullptr : reason;
    }
    return outcome->at <= now;
}

// What the subject has given back is no news. And of what the recorder ends by itself, because a policy or a role is gone, nobody knows when it will.
bool IsNews(const Outcome* outcome, Oid subject) {
    if (outcome->how != Ended::Revoked && outcome->how != Ended::GivenBack)
        return true;
    const char* name = GetUserNameFromId(subject, true);
    return outcome->closer != nullptr && (name == nullptr || strcmp(name, outcome->closer) != 0);
}

List* AddEndedGrants(List* outcomes, Oid grantee, Oid subject, TimestampTz now) {
    ScanKeyData keys[2];
    SetKeysOf(keys, grantee, now);
    int looked_at = 0;
    LookBack("grants", "grants_by_grantee", of_grant, keys, 2, [&](Datum* values, bool* nulls) {
        Outcome outcome;
        if (ReadOutcome(values, nulls, now, &outcome) && IsNews(&outcome, subject))
            outcomes = Add(outcomes, outcome);
        return ++looked_at == most_looked_at;
    });
    return outcomes;
}

bool IsLater(const ListCell* left, const ListCell* right) {
    return static_cast<Outcome*>(lfirst(left))->at > static_cast<Outcome*>(lfirst(right))->at;
}

int TheLatestFirst(const ListCell* left, const ListCell* right) { return IsLater(left, right) ? -1 : IsLater(right, left); }

bool IsAbout(const Datum* values, const GoverningPolicies* policies, Command command) {
    return Covers(TargetKind(DatumGetChar(values[0])), DatumGetObjectId(values[1]), policies) &&
           (ParseCommands(DatumGetArrayTypeP(values[2])) & MaskOf(command)) != 0;
}

bool IsRequestAbout(int64 request_id, const GoverningPolicies* policies, Command command) {
    static constexpr OwnColumn of_item[] = {{"target_kind"}, {"target"}, {"commands"}};
    bool about = false;
    LookBackById("request_items", "request_items_request_id_idx", of_item, request_id,
                 [&](Datum* values, bool*) { return about = IsAbout(values, policies, command); });
    return about;
}

// A grant to a role is theirs who were its members then.
bool IsGrantAbout(int64 grant_id, Oid subject, const GoverningPolicies* policies, Command command) {
    static constexpr OwnColumn of_scope[] = {{"target_kind"}, {"target"}, {"commands"}, {"grantee"}, {"members"}};
    bool about = false;
    LookBackById("grant_scopes", "grant_scopes_grant_id_idx", of_scope, grant_id, [&](Datum* values, bool*) {
        return about = IsAbout(values, policies, command) && IsMeantFor(DatumGetObjectId(values[3]), values[4], subject);
    });
    return about;
}

const char* Ago(TimestampTz at, TimestampTz now) { return now - at < 2 * USECS_PER_MINUTE ? "just now" : psprintf("%s ago", InWords(now - at)); }

const char* ByWhom(const char* who, const char* words) {
    if (who == nullptr)
        return "";
    if (words == nullptr || words[0] == '\0')
        return psprintf(" by \"%s\"", Shown(who));
    return psprintf(" by \"%s\" with the words \"%s\"", Shown(who), InOneLine(words, int(strlen(words)), most_words));
}

char* Sentence(const Outcome* outcome, TimestampTz now) {
    static const char* const ended[] = {"was denied", "was revoked", "was given back", "expired", "was used up"};
    bool denied = outcome->how == Ended::Denied;
    return psprintf("%s %lld for this %s %s%s.", denied ? "Request" : "Grant", (long long)outcome->id, ended[int(outcome->how)],
                    Ago(outcome->at, now), denied ? DenialInWords(outcome->id) : ByWhom(outcome->closer, outcome->words));
}

}    // namespace

const char* DenialInWords(int64 request_id) {
    static constexpr OwnColumn of_decision[] = {{"approves"}, {"approver_name"}, {"comment"}};
    const char* words = "";
    LookBackById("decisions", "decisions_pkey", of_decision, request_id, [&words](Datum* values, bool* nulls) {
        if (DatumGetBool(values[0]))
            return false;
        words = ByWhom(NameStr(*DatumGetName(values[1])), nulls[2] ? nullptr : TextDatumGetCString(values[2]));
        return true;
    });
    return words;
}

bool IsByProfile(int64 request_id, const char* name) {
    static constexpr OwnColumn of_request[] = {{"profile", true}};
    bool is = false;
    LookBackById("requests", "requests_pkey", of_request, request_id, [&is, name](Datum* values, bool* nulls) {
        is = !nulls[0] && strcmp(TextDatumGetCString(values[0]), name) == 0;
        return true;
    });
    return is;
}

char* LastOutcome(Oid subject, const GoverningPolicies* policies, Command command) {
    TimestampTz now = MonotonicNow();
    List* outcomes = AddDenied(NIL, subject, now);
    List* roles = RoleIsGone(subject) ? NIL : RolesOf(subject);
    for (int i = 0; i < list_length(roles) && i < most_roles; i++)
        outcomes = AddEndedGrants(outcomes, list_nth_oid(roles, i), subject, now);
    list_sort(outcomes, TheLatestFirst);
    ListCell* cell;
    foreach (cell, outcomes) {
        const Outcome* outcome = static_cast<Outcome*>(lfirst(cell));
        if (outcome->how == Ended::Denied ? IsRequestAbout(outcome->id, policies, command) : IsGrantAbout(outcome->id, subject, policies, command))
            return Sentence(outcome, now);
    }
    return nullptr;
}

int64 FindPendingRequest(Oid requester, const GoverningPolicies* policies, Command command) {
    static constexpr OwnColumn of_request[] = {{"id"}, {"state"}, {"expires_at"}};
    static constexpr OwnColumn of_item[] = {{"target_kind"}, {"target"}, {"commands"}, {"columns", true}};
    TimestampTz now = MonotonicNow();
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(requester));
    int64 pending[most_looked_at];
    int count = 0, looked_at = 0;
    LookBack("requests", "requests_by_requester", of_request, &key, 1, [&](Datum* values, bool*) {
        if (strcmp(TextDatumGetCString(values[1]), "pending") == 0 && DatumGetTimestampTz(values[2]) > now)
            pending[count++] = DatumGetInt64(values[0]);
        return ++looked_at == most_looked_at;
    });
    for (int i = 0; i < count; i++) {
        bool about = false;
        LookBackById("request_items", "request_items_request_id_idx", of_item, pending[i],
                     [&](Datum* values, bool* nulls) { return about = nulls[3] && IsAbout(values, policies, command); });
        if (about)
            return pending[i];
    }
    return 0;
}

}    // namespace warrant
