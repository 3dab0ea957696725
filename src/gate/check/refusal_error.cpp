#include <algorithm>

#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/approvers.hpp"
#include "rules/commands.hpp"
#include "rules/governing_policies.hpp"
#include "rules/last_outcome.hpp"
#include "rules/policies.hpp"
#include "rules/profiles.hpp"
#include "rules/subject.hpp"
#include "queue/rate.hpp"
#include "gate/check/apart_requests.hpp"
#include "gate/check/drafts.hpp"
#include "gate/check/how_to_ask.hpp"
#include "gate/check/narrow_request.hpp"
#include "gate/check/refusal_error.hpp"

namespace warrant {

const char* WhoActs(const ActingUser* acting) {
    if (acting == nullptr || (acting->operation == nullptr && !OidIsValid(acting->function)))
        return "";
    const char* subject = Shown(GetUserNameFromId(CurrentSubject(), true));
    if (!OidIsValid(acting->user))
        return psprintf(" It runs in somebody's name whom the gate cannot tell, for \"%s\".", subject);
    const char* name = Shown(GetUserNameFromId(acting->user, true));
    const char* what = OidIsValid(acting->function) ? psprintf("Function %s", format_procedure(acting->function)) : pstrdup(acting->operation);
    const_cast<char*>(what)[0] = char(pg_toupper(what[0]));
    if (acting->fired)
        return psprintf(" %s fires the trigger for \"%s\", who has to pass besides \"%s\".", what, name, subject);
    return psprintf(" %s runs it as \"%s\", who has to pass besides \"%s\".", what, name, subject);
}

bool IsRequestIds(const char* answer) { return answer[0] != '\0' && answer[strspn(answer, "0123456789,")] == '\0'; }

const char* CommandInWords(const RefusedAccess* item) {
    if (item->columns == NIL)
        return NameOf(item->access.command);
    StringInfoData words;
    initStringInfo(&words);
    constexpr int most_bytes = 60;
    int named = 0;
    ListCell* cell;
    foreach (cell, item->columns) {
        const char* name = quote_identifier(static_cast<char*>(lfirst(cell)));
        if (named > 0 && words.len + int(strlen(name)) > most_bytes)
            break;
        appendStringInfo(&words, "%s%s", named++ == 0 ? "" : ", ", name);
    }
    int others = list_length(item->columns) - named;
    const char* rest = others == 0 ? "" : psprintf(" and %d others", others);
    return psprintf("%s (%s%s)", NameOf(item->access.command), words.data, rest);
}

static const char* DescribeItems(const RefusedAccess* refused, int count) {
    StringInfoData words;
    initStringInfo(&words);
    constexpr int most_named = 20;
    for (int i = 0; i < count; i++) {
        if (i == most_named) {
            appendStringInfo(&words, " and %d others", count - i);
            break;
        }
        bool qualified = TargetKindOf(refused[i].policies) == TargetKind::Table;
        appendStringInfo(&words, "%s%s on %s%s%s", i == 0 ? "" : ", ", CommandInWords(&refused[i]),
                         qualified ? NameStr(refused[i].policies->schema_name) : "", qualified ? "." : "", NameOfTarget(&refused[i]));
    }
    return words.data;
}

const char* KindOf(const GoverningPolicies* policies) {
    switch (policies->relkind) {
        case relkind_schema: return "schema";
        case relkind_database: return "database";
        case RELKIND_VIEW: return "view";
        case RELKIND_MATVIEW: return "materialized view";
        case RELKIND_FOREIGN_TABLE: return "foreign table";
        default: return "table";
    }
}

int ErrorFields(const RefusedAccess* item) {
    if (NameStr(item->policies->schema_name)[0] != '\0')
        err_generic_string(PG_DIAG_SCHEMA_NAME, NameStr(item->policies->schema_name));
    if (NameStr(item->policies->relation_name)[0] != '\0')
        err_generic_string(PG_DIAG_TABLE_NAME, NameStr(item->policies->relation_name));
    if (item->policy != nullptr)
        err_generic_string(PG_DIAG_CONSTRAINT_NAME, item->policy->name);
    return 0;
}

// How to let somebody else's code run: nullptr for the subject's own, and where nobody knows whose it is.
static const char* HowToTrust(const RefusedAccess* item, const ActingUser* acting) {
    if (acting == nullptr || !OidIsValid(acting->user))
        return nullptr;
    const char* name = Shown(GetUserNameFromId(acting->user, false));
    const char* listed = item->policy == nullptr ? ""
                                                 : psprintf("put it among the \"definer_roles\" of policy \"%s\" by warrant.alter_policy, or ",
                                                            Shown(item->policy->name));
    return psprintf("Where the code of \"%s\" is trusted, %smake it a member of \"warrant_exempt\".", name, listed);
}

static int TrustHint(const RefusedAccess* item, const ActingUser* acting) {
    const char* how = acting == nullptr ? item->advice : HowToTrust(item, acting);
    return how == nullptr ? 0 : errhint("%s", how);
}

void RaiseRefused(const RefusedAccess* item, const ActingUser* acting) {
    const char* command = CommandInWords(item);
    const char* name = NameOfTarget(item);
    if (item->policy == nullptr)
        ereport(ERROR, (errcode(error_refused), errmsg("%s on \"%s\" is refused", command, name),
                        errdetail("The gate does not know this kind of object.%s", WhoActs(acting)), ErrorFields(item)));
    if (item->answer != Answer::Deny)
        ereport(ERROR, (errcode(error_refused), errmsg("%s on %s \"%s\" is refused", command, KindOf(item->policies), name),
                        errdetail("Policy \"%s\" does not let it run%s%s.%s", Shown(item->policy->name), item->why == nullptr ? "" : ": ",
                                  item->why == nullptr ? "" : item->why, WhoActs(acting)),
                        TrustHint(item, acting), ErrorFields(item)));
    ereport(ERROR, (errcode(error_refused), errmsg("%s on %s \"%s\" is denied", command, KindOf(item->policies), name),
                    errdetail("Policy \"%s\" denies it.%s", Shown(item->policy->name), WhoActs(acting)), TrustHint(item, acting), ErrorFields(item)));
}

// Tells the subject of a grant for exactly one statement that this one is not, on a line of its own; or empty.
static const char* WhatGrantMisses(const RefusedAccess* refused) {
    const MissedGrant& missed = refused->missed;
    return missed.id == 0 ? ""
                          : psprintf("\nGrant %lld is for exactly one statement: %s.", (long long)missed.id, other_statement[int(missed.difference)]);
}

// how: what to do where the answer does not say it; or empty.
[[noreturn]] static void RaiseUnfiled(const RefusedAccess* item, const char* answer, const ActingUser* acting, const char* how = "") {
    int length = int(strcspn(answer, "\n"));
    const char* advice = answer[length] == '\0' ? how : answer + length + 1;
    if (acting != nullptr)
        ereport(ERROR, (errcode(error_refused),
                        errmsg("%s on %s \"%s\" requires approval", CommandInWords(item), KindOf(item->policies), NameOfTarget(item)),
                        errdetail("No request was filed%s%.*s.%s", length == 0 ? "" : ": ", length, answer, WhoActs(acting)), TrustHint(item, acting),
                        ErrorFields(item)));
    ereport(ERROR,
            (errcode(error_refused), errmsg("%s on %s \"%s\" requires approval", CommandInWords(item), KindOf(item->policies), NameOfTarget(item)),
             errdetail("No request was filed: %.*s.%s", length, answer, WhatGrantMisses(item)), advice[0] == '\0' ? 0 : errhint("%s", advice),
             ErrorFields(item)));
}

void RaiseOverRate(const RefusedAccess* unapprovable, const RefusedAccess* refused, const ActingUser* acting) {
    if (unapprovable != nullptr)
        RaiseRefused(unapprovable, acting);
    RaiseUnfiled(refused,
                 psprintf("\"%s\" is over \"pg_warrant.refusal_rate\", and the attempt is only counted\nRun the statement again in %d s.",
                          Shown(GetUserNameFromId(CurrentSubject(), true)), SecondsUntilTurn(CurrentSubject())),
                 acting);
}

// Tells the requester, who is told to wait, when nobody can decide. With a blank before it, or empty.
static const char* WhyNobodyCanDecide(const RefusedAccess* refused, int count, const ActingUser* acting) {
    Oid requester = acting == nullptr ? CurrentSubject() : acting->user;
    for (int i = 0; i < count; i++)
        if (const char* why = refused[i].policy == nullptr ? nullptr : WhyUndecidable(refused[i].policy, requester))
            return psprintf(" %s", why);
    return "";
}

// Who must agree, as "2 approvals by members of "dba" and 1 by members of "security""; where the policies differ in whom, without the number.
static const char* NeededApprovals(const RefusedAccess* asked, int count) {
    ApproverRoles approvers = ApproverRolesOf(asked[0].policy);
    for (int i = 1; i < count; i++) {
        ApproverRoles others = ApproverRolesOf(asked[i].policy);
        bool same = others.count == approvers.count;
        for (int j = 0; j < approvers.count && same; j++) {
            same = others.roles[j] == approvers.roles[j] && (others.count == 1 || others.approvals[j] == approvers.approvals[j]);
            approvers.approvals[j] = std::max(approvers.approvals[j], others.approvals[j]);
        }
        if (!same)
            return "the approvals of its policies";
    }
    StringInfoData words;
    initStringInfo(&words);
    for (int i = 0; i < approvers.count; i++) {
        const char* role = GetUserNameFromId(approvers.roles[i], true);
        if (role == nullptr)
            return "the approvals of its policies";
        const char* what = i > 0 ? "" : approvers.approvals[i] == 1 ? " approval" : " approvals";
        appendStringInfo(&words, "%s%d%s by members of \"%s\"", i > 0 ? " and " : "", approvers.approvals[i], what, Shown(role));
    }
    return words.data;
}

// Tells the subject what came of the request or grant before this one, on a line of its own; or empty.
static const char* WhatWasBefore(const RefusedAccess* refused, const ActingUser* acting) {
    const char* outcome = acting == nullptr ? LastOutcome(CurrentSubject(), refused->policies, refused->access.command) : nullptr;
    return outcome == nullptr ? "" : psprintf("\n%s", outcome);
}

// What a request asks for and whose approvals it needs, and when nobody can give them; requests that are not told apart are told as one.
static const char* DescribeRequest(const char* ids, const RefusedAccess* asked, int count, const ActingUser* acting) {
    bool several = strchr(ids, ',') != nullptr;
    const char* whose = acting == nullptr ? "" : psprintf(" of \"%s\"", Shown(GetUserNameFromId(acting->user, false)));
    return psprintf("%s %s (%s)%s %s %s.%s", several ? "Requests" : "Request", ids, DescribeItems(asked, count), whose, several ? "need" : "needs",
                    several ? "the approvals of their policies" : NeededApprovals(asked, count), WhyNobodyCanDecide(asked, count, acting));
}

// A line for each request, in the order of the accesses.
static const char* DescribeRequests(const char* answer, const RefusedAccess* asked, int count, const ActingUser* acting) {
    ApartRequests apart = strchr(answer, ',') == nullptr ? ApartRequests{} : TellApart(asked, count, answer);
    if (apart.count == 0)
        return DescribeRequest(answer, asked, count, acting);
    StringInfoData lines;
    initStringInfo(&lines);
    RefusedAccess* under = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    for (int place = 0; place < apart.count; place++) {
        int under_count = 0;
        for (int i = 0; i < count; i++)
            if (PlaceOf(&apart, asked[i].policy) == place)
                under[under_count++] = asked[i];
        appendStringInfo(&lines, "%s%s", place == 0 ? "" : "\n", DescribeRequest(apart.ids[place], under, under_count, acting));
    }
    return lines.data;
}

// pg_dump begins with LOCK TABLE, and would be refused once more when it reads. On a line of its own; or empty.
static const char* WhatADumpNeeds(const RefusedAccess* asked, int count) {
    if (application_name == nullptr || strncmp(application_name, "pg_dump", 7) != 0)
        return "";
    for (int i = 0; i < count; i++)
        if (asked[i].access.command != Command::Lock)
            return "";
    return psprintf("\nA dump needs more. This asks for all of it at once:\nSELECT warrant.request('{LOCK,SELECT,EXPORT}', on_tables => %s);",
                    TablesOf(asked, count));
}

// The profile that has all of it and that the subject may ask for, the nearest to it. On a line of its own; or empty, also where the request is by it
// already.
static const char* ProfileOf(const RefusedAccess* asked, int count, const char* answer, const ActingUser* acting) {
    const Profile* nearest = nullptr;
    auto reach = [](const Profile* profile) {
        return profile->target_kind == TargetKind::Table ? 0 : profile->target_kind == TargetKind::Schema ? 1 : 2;
    };
    ListCell* cell;
    foreach (cell, acting == nullptr ? ProfilesFor(CurrentSubject()) : NIL) {
        const Profile* profile = static_cast<Profile*>(lfirst(cell));
        int about = 0;
        while (about < count && IsAbout(profile, asked[about].policies, asked[about].access.command))
            about++;
        if (about == count && (nearest == nullptr || reach(profile) < reach(nearest)))
            nearest = profile;
    }
    if (nearest == nullptr || IsByProfile(strtoll(answer, nullptr, 10), nearest->name))
        return "";
    return psprintf("\nProfile \"%s\" covers it, too: SELECT warrant.request(profile => %s, reason => '...');", nearest->name,
                    quote_literal_cstr(nearest->name));
}

// Of a policy's two lines the first behind its number, or nullptr where it has a request.
static const char* WhyUnfiled(const char* unfiled, const Policy* policy) {
    if (const char* why = WhyAskedByCall(policy))
        return why;
    while (unfiled[0] != '\0') {
        char* why;
        if (strtoll(unfiled, &why, 10) == policy->id && why[0] == ' ')
            return why + 1;
        for (int line = 0; line < 2; line++) {
            unfiled += strcspn(unfiled, "\n");
            unfiled += unfiled[0] == '\n';
        }
    }
    return nullptr;
}

// The accesses of a policy, or, with nullptr, of all the policies that have requests.
static int AccessesUnder(const Policy* policy, const RefusedAccess* asked, int count, const char* unfiled, RefusedAccess* under) {
    int under_count = 0;
    for (int i = 0; i < count; i++)
        if (policy == nullptr ? WhyUnfiled(unfiled, asked[i].policy) == nullptr : asked[i].policy->id == policy->id)
            under[under_count++] = asked[i];
    return under_count;
}

// Of each policy that has no request a line for DETAIL, and one for HINT that says what to do about it.
static void DescribeUnfiled(const char* unfiled, const RefusedAccess* asked, int count, StringInfo detail, StringInfo hint) {
    RefusedAccess* under = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    for (int i = 0; i < count; i++) {
        const char* why = WhyUnfiled(unfiled, asked[i].policy);
        int place = 0;
        while (why != nullptr && place < i && asked[place].policy->id != asked[i].policy->id)
            place++;
        if (why == nullptr || place < i)
            continue;
        int under_count = AccessesUnder(asked[i].policy, asked, count, unfiled, under);
        int length = int(strcspn(why, "\n"));
        appendStringInfo(detail, "\nNo request was filed for %s: %.*s.", DescribeItems(under, under_count), length, why);
        const char* advice = why[length] == '\0' ? "" : pnstrdup(why + length + 1, strcspn(why + length + 1, "\n"));
        if (advice[0] != '\0' && strstr(hint->data, advice) == nullptr)
            appendStringInfo(hint, "\n%s", advice);
    }
}

static const RefusedAccess* FindRefused(const RefusedAccess* asked, int count, Oid relation, Command command) {
    for (int i = 0; i < count; i++)
        if (asked[i].access.relation == relation && asked[i].access.command == command)
            return &asked[i];
    return nullptr;
}

// Mappers let each write return its row, and who uses one cannot see that. On a line of its own; or empty.
static const char* WhyReturningReads(const RefusedAccess* asked, int count, ReturningWrite returning) {
    const RefusedAccess* read = FindRefused(asked, count, returning.relation, Command::Select);
    if (returning.command == Command::Select || read == nullptr)
        return "";
    const char* write = NameOf(returning.command);
    const RefusedAccess* exported = read->columns == NIL ? nullptr : FindRefused(asked, count, returning.relation, Command::Export);
    const char* why = psprintf("\nRETURNING reads the rows, so that this statement needs %s%s%s besides %s", CommandInWords(read),
                               exported == nullptr ? "" : " and ", exported == nullptr ? "" : CommandInWords(exported), write);
    // Of columns the request that pends asks for all that lacks.
    if (read->columns != NIL || FindRefused(asked, count, returning.relation, returning.command) != nullptr)
        return psprintf("%s.", why);
    const char* name = get_rel_name(returning.relation);
    const char* schema = name == nullptr ? nullptr : get_namespace_name(get_rel_namespace(returning.relation));
    return schema == nullptr ? psprintf("%s.", why)
                             : psprintf("%s. This asks for both at once:\nSELECT warrant.request('{%s,SELECT}', on_table => %s);", why, write,
                                        quote_literal_cstr(quote_qualified_identifier(schema, name)));
}

void RaiseRequested(const RefusedAccess* refused, const RefusedAccess* asked, int asked_count, const char* answer, const char* unfiled,
                    const ActingUser* acting, ReturningWrite returning) {
    const char* how = acting == nullptr ? HowToAsk(asked, asked_count) : "";
    if (!IsRequestIds(answer))
        RaiseUnfiled(refused, answer, acting, how[0] == '\0' ? "" : psprintf("%s%s", how, WhatADumpNeeds(asked, asked_count)));
    StringInfoData without, advice;
    initStringInfo(&without);
    initStringInfo(&advice);
    RefusedAccess* filed = static_cast<RefusedAccess*>(palloc(asked_count * sizeof(RefusedAccess)));
    int filed_count = AccessesUnder(nullptr, asked, asked_count, unfiled, filed);
    DescribeUnfiled(unfiled, asked, asked_count, &without, &advice);
    bool several = strchr(answer, ',') != nullptr;
    const char* profile = ProfileOf(asked, asked_count, answer, acting);
    Drafts drafts = FindDrafts(answer, filed_count > 0 ? filed : asked, filed_count > 0 ? filed_count : asked_count);
    ereport(ERROR,
            (errcode(error_refused),
             errmsg("%s on %s \"%s\" requires approval (%s)", CommandInWords(refused), KindOf(refused->policies), NameOfTarget(refused),
                    several && drafts.count == 0 ? psprintf("requests %s are pending", answer) : drafts.states.data),
             errdetail("%s%s%s%s%s%s", DescribeRequests(answer, filed_count > 0 ? filed : asked, filed_count > 0 ? filed_count : asked_count, acting),
                       drafts.detail.data, without.data, WhoActs(acting), WhatWasBefore(refused, acting), WhatGrantMisses(refused)),
             acting != nullptr ? TrustHint(refused, acting)
                               : errhint("%s%s%s%s%s%s%s%s", WhatToDo(answer, &drafts), how[0] == '\0' ? "" : "\n", how, advice.data,
                                         WhyReturningReads(asked, asked_count, returning), WhatColumnsNeed(asked, asked_count),
                                         WhatADumpNeeds(asked, asked_count), profile),
             ErrorFields(refused)));
}

}    // namespace warrant
