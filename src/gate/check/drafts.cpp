#include "pg/server.hpp"

#include "rules/conditions/ticket.hpp"
#include "rules/requests.hpp"
#include "gate/check/apart_requests.hpp"
#include "gate/check/drafts.hpp"

namespace warrant {

namespace {

void AddWord(StringInfo words, const char* between, const char* word) { appendStringInfo(words, "%s%s", words->len == 0 ? "" : between, word); }

// The accesses are those of the request.
void AddDraft(Drafts* drafts, const char* id, const Request* request, const RefusedAccess* asked, int count) {
    StringInfoData lacks, arguments;
    initStringInfo(&lacks);
    initStringInfo(&arguments);
    bool reason = false, ticket = false;
    for (int i = 0; i < count; i++) {
        const Policy* policy = asked[i].policy;
        if (policy->require_reason && !request->has_reason && !reason) {
            AddWord(&lacks, " and ", "a reason");
            AddWord(&arguments, ", ", "reason => '...'");
            reason = true;
        }
        if (policy->ticket_pattern == nullptr || request->has_ticket)
            continue;
        const char* word = psprintf("a ticket that matches %s", PatternInWords(policy->ticket_pattern));
        if (strstr(lacks.data, word) == nullptr)
            AddWord(&lacks, " and ", word);
        if (!ticket)
            AddWord(&arguments, ", ", "ticket => '...'");
        ticket = true;
    }
    drafts->count++;
    appendStringInfo(&drafts->detail, "\nNobody is asked yet, since request %s lacks %s.", id, lacks.len == 0 ? "nothing any more" : lacks.data);
    appendStringInfo(&drafts->calls, "%sSELECT warrant.amend(%s, %s);", drafts->calls.len == 0 ? "" : "\n", id,
                     arguments.len == 0 ? "reason => '...'" : arguments.data);
}

}    // namespace

Drafts FindDrafts(const char* answer, const RefusedAccess* asked, int count) {
    Drafts drafts = {};
    initStringInfo(&drafts.states);
    initStringInfo(&drafts.detail);
    initStringInfo(&drafts.calls);
    ApartRequests apart = strchr(answer, ',') == nullptr ? ApartRequests{} : TellApart(asked, count, answer);
    RefusedAccess* under = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    char* next = pstrdup(answer);
    while (next != nullptr) {
        const char* id = strsep(&next, ",");
        Request request = FindRequest(strtoll(id, nullptr, 10));
        bool is_draft = request.state == RequestState::Draft;
        AddWord(&drafts.states, ", ", psprintf("request %s is %s", id, is_draft ? "a draft" : "pending"));
        int under_count = 0;
        for (int i = 0; i < count && is_draft; i++) {
            int place = apart.count == 0 ? 0 : PlaceOf(&apart, asked[i].policy);
            if (apart.count == 0 || (place < apart.count && strcmp(apart.ids[place], id) == 0))
                under[under_count++] = asked[i];
        }
        if (is_draft)
            AddDraft(&drafts, id, &request, under, under_count);
    }
    return drafts;
}

const char* WhatToDo(const char* answer, const Drafts* drafts) {
    bool several = strchr(answer, ',') != nullptr;
    if (drafts->count == 0)
        return several ? "Run the statement again once they are approved; CALL warrant.wait_for(id) waits for a decision."
                       : psprintf("Run the statement again once it is approved; CALL warrant.wait_for(%s) waits for the decision.", answer);
    return psprintf("%s completes it, and asks for its approval.", drafts->calls.data);
}

}    // namespace warrant
