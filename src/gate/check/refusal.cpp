#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/clock.hpp"
#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/settings.hpp"
#include "pg/text.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/last_outcome.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "queue/actions.hpp"
#include "queue/entry.hpp"
#include "queue/origin.hpp"
#include "queue/rate.hpp"
#include "queue/shared.hpp"
#include "statement/statement.hpp"
#include "gate/check/access_columns.hpp"
#include "gate/check/committed_items.hpp"
#include "gate/check/decision_wait.hpp"
#include "gate/check/estimate.hpp"
#include "gate/check/how_to_ask.hpp"
#include "gate/check/identity.hpp"
#include "gate/check/prepared_query.hpp"
#include "gate/check/refusal.hpp"

namespace warrant {

LastRefusal last_refusal;

void AppendItem(StringInfo json, const RefusedAccess* item, int64_t rows, const char* unfiled) {
    bool files = (item->answer == Answer::Request || item->answer == Answer::Auto) && unfiled == nullptr;
    appendStringInfo(json, "{\"relation\":%u,\"kind\":\"%c\",\"command\":\"%s\",\"answer\":\"%s\",\"policy\":", item->access.relation,
                     char(TargetKindOf(item->policies)), NameOf(item->access.command), files ? "request" : "refuse");
    if (item->policy == nullptr)
        appendStringInfoString(json, "null");
    else
        appendStringInfo(json, "%lld", (long long)item->policy->id);
    appendStringInfo(json, ",\"policy_version\":%d,\"policy_name\":", item->policy == nullptr ? 0 : item->policy->version);
    escape_json(json, item->policy == nullptr ? "" : item->policy->name);
    appendStringInfoString(json, ",\"schema\":");
    escape_json(json, NameStr(item->policies->schema_name));
    appendStringInfoString(json, ",\"name\":");
    escape_json(json, NameStr(item->policies->relation_name));
    appendStringInfo(json, ",\"rows\":%lld", (long long)rows);
    ListCell* cell;
    foreach (cell, item->columns) {
        appendStringInfoString(json, foreach_current_index(cell) == 0 ? ",\"columns\":[" : ",");
        escape_json(json, static_cast<char*>(lfirst(cell)));
    }
    appendStringInfoString(json, item->columns == NIL ? "" : "]");
    if (const char* touched = NamesOf(item->access.relation, item->access.touched))
        appendStringInfo(json, ",\"touched\":%s", touched);
    if (unfiled != nullptr) {
        appendStringInfoString(json, ",\"unfiled\":");
        escape_json(json, unfiled);
    }
    appendStringInfoChar(json, '}');
}

namespace {

// Refusals that a statement may meet again, of several sets of accesses in turn.
struct RecentRefusal {
    // Of the accesses and of whoever is refused: other accesses, and other users, have other requests.
    uint32_t digest;
    LastRefusal refusal;
};
constexpr int most_recent = 8;
RecentRefusal recent_refusals[most_recent];
int next_recent = 0;

uint32_t DigestOf(const RefusedAccess* refused, int count, const ActingUser* acting) {
    uint32_t digest = hash_combine(uint32_t(count), hash_bytes_uint32(acting != nullptr ? acting->user : CurrentSubject()));
    for (int i = 0; i < count; i++) {
        digest = hash_combine(digest, hash_bytes_uint32(refused[i].access.relation));
        digest = hash_combine(digest, hash_bytes_uint32(uint32_t(refused[i].access.command)));
        digest = hash_combine(digest, bms_hash_value(refused[i].access.touched.some));
        ListCell* cell;
        foreach (cell, refused[i].columns) {
            const char* column = static_cast<char*>(lfirst(cell));
            digest = hash_combine(digest, hash_bytes(reinterpret_cast<const unsigned char*>(column), int(strlen(column))));
        }
    }
    return digest;
}

// Appends the duration in units that no setting changes: the recorder's IntervalStyle is another than the session's.
void AppendDuration(StringInfo json) {
    int64 microseconds;
    const char* problem;
    const char* duration = TextOf(&settings.duration);
    bool given = duration[0] != '\0' && ParseDuration(duration, &microseconds, &problem);
    appendStringInfo(json, given ? ",\"duration\":\"%lld microseconds\"" : ",\"duration\":\"\"", given ? (long long)microseconds : 0);
}

// The items as JSON, with commas between them, from *next on: as many as fit, but one at least.
char* BuildItems(QueryDesc* query, const Query* parsed, const RefusedAccess* refused, int count, bool file, int most_bytes, int* next) {
    StringInfoData json;
    initStringInfo(&json);
    while (*next < count) {
        int before = json.len;
        if (before > 0)
            appendStringInfoChar(&json, ',');
        AppendItem(&json, &refused[*next], file ? EstimateRows(query, parsed, refused[*next].access) : -1, WhyAskedByCall(refused[*next].policy));
        if (before > 0 && json.len > most_bytes) {
            json.data[json.len = before] = '\0';
            break;
        }
        ++*next;
    }
    return json.data;
}

constexpr int most_reason_bytes = 2000;

// Appends the ticket, and which patterns of the refusing policies it matches: they are evaluated here, never in the recorder.
void AppendTicket(StringInfo json, const RefusedAccess* refused, int count) {
    const char* ticket = CleanedText(TextOf(&settings.ticket));
    appendStringInfoString(json, ",\"ticket\":");
    escape_json(json, ticket);
    appendStringInfoString(json, ",\"fits\":{");
    List* seen = NIL;
    for (int i = 0; i < count && ticket[0] != '\0'; i++) {
        const char* pattern = refused[i].policy == nullptr ? nullptr : refused[i].policy->ticket_pattern;
        if (pattern == nullptr || list_member_ptr(seen, refused[i].policy))
            continue;
        appendStringInfoString(json, seen == NIL ? "" : ",");
        seen = lappend(seen, const_cast<Policy*>(refused[i].policy));
        escape_json(json, pattern);
        appendStringInfoString(json, FitsPattern(ticket, pattern) ? ":true" : ":false");
    }
    appendStringInfoChar(json, '}');
}

// Appends for whom else than the subject the request is, and no reason, because the session's is the subject's: an older script of the extension
// files nothing then.
void AppendActing(StringInfo json, const ActingUser* acting, bool file) {
    if (file && OidIsValid(acting->user))
        appendStringInfo(json, "\"file_for\":%u,", acting->user);
    appendStringInfoString(json, "\"comment\":");
    const char* who = WhoActs(acting);
    escape_json(json, who[0] == ' ' ? who + 1 : who);
    appendStringInfoString(json, ",\"file\":false,\"reason\":\"\",\"duration\":\"\"");
}

void AppendClaims(StringInfo json, const RefusedAccess* refused, int count, bool file) {
    appendStringInfo(json, "\"file\":%s,\"reason\":", file ? "true" : "false");
    // A reason in the startup packet may be no text: the server does not check it.
    const char* reason = CleanedText(TextOf(&settings.reason));
    escape_json(json, pnstrdup(reason, pg_mbcliplen(reason, strlen(reason), most_reason_bytes)));
    AppendDuration(json);
    AppendTicket(json, refused, count);
}

// Appends what an exact grant would compare, or why there can be none.
void AppendIdentity(StringInfo json, const ActingUser* acting) {
    StatementIdentity identity;
    const char *parameters = nullptr, *why_not = acting != nullptr ? "it is asked for code of somebody else" : WhyNoIdentity(&identity, &parameters);
    appendStringInfo(json, ",\"exact\":\"%s\",\"not_exact\":", why_not == nullptr ? IdentityAsHex(&identity) : "");
    escape_json(json, why_not == nullptr ? "" : why_not);
    if (parameters != nullptr) {
        appendStringInfoString(json, ",\"parameters\":");
        escape_json(json, parameters);
    }
    if (const char* prepared = PreparedQuery()) {
        appendStringInfoString(json, ",\"prepared\":");
        escape_json(json, prepared);
    }
}

// Begins the arguments with all but the items, which close them. unfiled: why no request is filed although an approval would help, or nullptr.
char* BeginArguments(QueryDesc* query, const Query* parsed, const RefusedAccess* refused, int count, const ActingUser* acting, bool file,
                     const char* unfiled, int portions) {
    StringInfoData json;
    initStringInfo(&json);
    // An older script does not know "apart", and answers with ids alone.
    appendStringInfoString(&json, "{\"apart\":true,");
    if (portions > 0)
        appendStringInfo(&json, "\"portions\":%d,", portions);
    appendStringInfoString(&json, "\"unfiled\":");
    escape_json(&json, unfiled == nullptr ? "" : pnstrdup(unfiled, strcspn(unfiled, "\n")));
    appendStringInfoChar(&json, ',');
    if (acting != nullptr)
        AppendActing(&json, acting, file);
    else
        AppendClaims(&json, refused, count, file);
    AppendIdentity(&json, acting);
    const char* tag = CommandTagOf(query, parsed);
    appendStringInfo(&json, ",\"default_duration_s\":%d,\"tag\":\"%s\",\"items\":[", settings.default_duration_s, tag == nullptr ? "" : tag);
    return json.data;
}

// Items that do not fit into one entry go before it, in portions of their own; the recorder makes one refusal of them.
const char* BuildArguments(QueryDesc* query, const Query* parsed, const RefusedAccess* refused, int count, const ActingUser* acting, bool file,
                           const char* unfiled, ActionRequest* action) {
    file = file && unfiled == nullptr;
    constexpr int most_portion_bytes = int(most_entry_bytes - sizeof(EntryHeader)) - 100;
    int kept = KeptLength(action->text, action->text_length), next = 0, portions = 0;
    const char* begin = BeginArguments(query, parsed, refused, count, acting, file, unfiled, 0);
    int room = most_portion_bytes - kept - int(strlen(begin));
    char* items = BuildItems(query, parsed, refused, count, file, room, &next);
    if (next == count && int(strlen(items)) <= room)
        return psprintf("%s%s]}", begin, items);
    int64 deadline = 0;
    for (next = 0; next < count; portions++) {
        items = BuildItems(query, parsed, refused, count, file, most_portion_bytes, &next);
        SendPortion("refuse_portion", psprintf("{\"portion\":%d,\"items\":[%s]}", portions, items), action->fields, &deadline);
    }
    return psprintf("%s]}", BeginArguments(query, parsed, refused, count, acting, file, unfiled, portions));
}

void Remember(const RefusedAccess* item, uint32_t digest, uint64_t statement_id, const char* answer) {
    last_refusal.statement_id = statement_id;
    last_refusal.subject = CurrentSubject();
    last_refusal.refused_at = GetCurrentTimestamp();
    last_refusal.access = item->access;
    last_refusal.access.touched = {};
    last_refusal.schema_name = item->policies->schema_name;
    last_refusal.relation_name = item->policies->relation_name;
    strlcpy(last_refusal.policy_name, item->policy == nullptr ? "" : item->policy->name, sizeof last_refusal.policy_name);
    size_t ids = strspn(answer, "0123456789,");
    bool partly = ids > 0 && answer[ids] == '\n';
    strlcpy(last_refusal.answer, partly ? pnstrdup(answer, ids) : answer, sizeof last_refusal.answer);
    strlcpy(last_refusal.unfiled, partly ? answer + ids + 1 : "", sizeof last_refusal.unfiled);
    recent_refusals[next_recent++ % most_recent] = RecentRefusal{digest, last_refusal};
}

// The refusal that the statement met before: it is answered from this process, and costs no turn.
const RecentRefusal* FindRecent(uint32_t digest, uint64_t statement_id) {
    for (const RecentRefusal& met : recent_refusals)
        if (statement_id != 0 && met.refusal.statement_id == statement_id && met.digest == digest)
            return &met;
    return nullptr;
}

// Makes a refusal that the statement met before the last one again; false when there is none.
bool Recall(uint32_t digest, uint64_t statement_id) {
    const RecentRefusal* met = FindRecent(digest, statement_id);
    if (met == nullptr)
        return false;
    last_refusal = met->refusal;
    last_refusal.refused_at = GetCurrentTimestamp();
    return true;
}

// Code that swallows a refusal and tries again gets the same answer, and writes no further rows.
bool RefusedInThisStatement(QueryDesc* query, const RefusedAccess* refused, int count, uint32_t digest) {
    CheckedAccess* checked = static_cast<CheckedAccess*>(palloc(count * sizeof(CheckedAccess)));
    for (int i = 0; i < count; i++)
        checked[i] = CheckedAccess{refused[i].access, Event::Refused, refused[i].policies, refused[i].policy, 0, true, true, false, false};
    uint64_t before = RefusedBefore(query, checked, count);
    pfree(checked);
    return Recall(digest, before);
}

// Whether the webhooks approve while the statement may wait for them; raises when one denies.
bool ApprovedMeanwhile(const RefusedAccess* item) {
    switch (AwaitDecision(last_refusal.answer)) {
        case Awaited::Approved: return true;
        case Awaited::Nothing: return false;
        case Awaited::Denied: break;
    }
    bool several = strchr(last_refusal.answer, ',') != nullptr;
    ereport(ERROR, (errcode(error_refused), errmsg("%s on %s \"%s\" was denied", CommandInWords(item), KindOf(item->policies), NameOfTarget(item)),
                    several ? errdetail("One of the requests %s was denied.", last_refusal.answer)
                            : errdetail("Request %s was denied%s.", last_refusal.answer, DenialInWords(strtoll(last_refusal.answer, nullptr, 10))),
                    ErrorFields(item)));
}

// Why there is no request where grants for all of it begin later, as the recorder would say it, or nullptr.
const char* WhatBeginsLater(const RefusedAccess* items, int count, Oid requester) {
    TimestampTz now = MonotonicNow();
    GrantAhead last = {};
    for (int i = 0; i < count; i++) {
        GrantAhead ahead = FindGrantAhead(requester, items[i].policy, items[i].policies, items[i].access.command, now);
        if (ahead.id == 0)
            return nullptr;
        last = ahead.starts_at > last.starts_at ? ahead : last;
    }
    return psprintf("grant %lld for it begins at %s, in %s\nRun the statement again then. warrant.request asks for a grant that begins at once.",
                    (long long)last.id, timestamptz_to_str(last.starts_at), InWords(last.starts_at - now));
}

// A refused access that no approval can help, which the error names first; nullptr when there is none.
const RefusedAccess* FindUnapprovable(const RefusedAccess* refused, int count) {
    for (int i = 0; i < count; i++)
        if (refused[i].answer != Answer::Request)
            return &refused[i];
    return nullptr;
}

// The statement as a write with RETURNING.
ReturningWrite ReturningWriteOf(const QueryDesc* query, const Query* parsed) {
    const PlannedStmt* plan = query == nullptr ? nullptr : query->plannedstmt;
    bool returns = plan != nullptr ? plan->hasReturning : parsed != nullptr && parsed->returningList != NIL;
    bool writes = plan == nullptr || IsA(plan->planTree, ModifyTable);
    int target = !returns || !writes ? 0 : plan == nullptr ? parsed->resultRelation : int(castNode(ModifyTable, plan->planTree)->nominalRelation);
    if (target == 0)
        return {InvalidOid, Command::Select};
    Oid relation = rt_fetch(target, plan != nullptr ? plan->rtable : parsed->rtable)->relid;
    switch (plan != nullptr ? plan->commandType : parsed->commandType) {
        case CMD_INSERT: return {relation, Command::Insert};
        case CMD_UPDATE: return {relation, Command::Update};
        case CMD_DELETE: return {relation, Command::Delete};
        default: return {InvalidOid, Command::Select};
    }
}

// Why no grant helps, for the log and last_refusal(); nullptr where the answer says it.
const char* WhyUnapprovable(const RefusedAccess* item) {
    return item->why == nullptr ? nullptr : psprintf("policy \"%s\" does not let it run: %s", Shown(item->policy->name), item->why);
}

}    // namespace

void ForgetLastRefusal() {
    last_refusal = LastRefusal{};
    for (RecentRefusal& met : recent_refusals)
        met = RecentRefusal{};
}

void MakeGrants(QueryDesc* query, const Query* parsed, const RefusedAccess* automatic, int count, const ActingUser* acting) {
    RefusedAccess* wanted = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    memcpy(wanted, automatic, count * sizeof(RefusedAccess));
    if (const char* why = AskForCommitted(wanted, &count))
        RaiseRequested(automatic, wanted, count, why, "", acting, ReturningWriteOf(query, parsed));
    if (!AwaitTurn(CurrentSubject()))
        RaiseOverRate(nullptr, automatic, acting);
    const char* begin = BeginArguments(query, parsed, wanted, count, acting, true, nullptr, 0);
    // What does not fit into one entry is another grant.
    constexpr int most_bytes = int(most_entry_bytes - sizeof(EntryHeader)) - 100;
    for (int next = 0; next < count;) {
        const char* items = BuildItems(nullptr, nullptr, wanted, count, false, most_bytes - int(strlen(begin)), &next);
        ActionRequest action = {"auto", psprintf("%s%s]}", begin, items), nullptr, nullptr, 0};
        action.patient = true;
        (void)RunAction(&action);
    }
    if (acting == nullptr)
        UseClaims();
}

void Refuse(QueryDesc* query, const Query* parsed, const RefusedAccess* refused, int count, const ActingUser* acting, bool may_wait) {
    const RefusedAccess* unapprovable = FindUnapprovable(refused, count);
    uint32_t digest = DigestOf(refused, count, acting);
    RefusedAccess* asked = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    memcpy(asked, refused, count * sizeof(RefusedAccess));
    int asked_count = count;
    const char* unfiled = unapprovable == nullptr ? AskForCommitted(asked, &asked_count) : WhyUnapprovable(unapprovable);
    if (unapprovable == nullptr && unfiled == nullptr && asked_count > 0)
        unfiled = WhatBeginsLater(asked, asked_count, acting == nullptr ? CurrentSubject() : acting->user);
    int by_call = unapprovable == nullptr ? CountAskedByCall(asked, asked_count) : 0;
    if (unfiled == nullptr && by_call > 0 && by_call == asked_count)
        unfiled = WhyAskedByCall(asked[0].policy);
    if (FindRecent(digest, RecordUnderWay(query)) == nullptr && !AwaitTurn(CurrentSubject()))
        RaiseOverRate(unapprovable, refused, acting);
    if (!RefusedInThisStatement(query, refused, count, digest)) {
        AuditFields fields;
        // Recorded even if the client cancels: the attempt was made.
        ActionRequest action = {"refuse", nullptr, &fields, nullptr, 0, true};
        DescribeStatement(query, &fields, &action.text, &action.text_length);
        fields.event = Event::Refused;
        action.arguments = BuildArguments(query, parsed, asked, asked_count, acting, unapprovable == nullptr, unfiled, &action);
        const char* answer = RunAction(&action);
        Remember(refused, digest, fields.statement_id, unfiled != nullptr ? unfiled : answer == nullptr ? "" : answer);
        if (acting == nullptr && IsRequestIds(last_refusal.answer))
            UseClaims();
        // A reason why no request was filed may be a grant that this session did not know of yet. What has to be asked for by a call besides lets no
        // webhook's approval help.
        bool may_pass = may_wait && unapprovable == nullptr && unfiled == nullptr && by_call == 0;
        if (may_pass && (!IsRequestIds(last_refusal.answer) || ApprovedMeanwhile(refused)))
            return;
    }
    if (unapprovable != nullptr)
        RaiseRefused(unapprovable, acting);
    RaiseRequested(refused, asked, asked_count, last_refusal.answer, last_refusal.unfiled, acting, ReturningWriteOf(query, parsed));
}

}    // namespace warrant
