#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/process.hpp"
#include "pg/settings.hpp"
#include "rules/access.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governance.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "statement/statement.hpp"
#include "statement/uses.hpp"
#include "gate/access/access.hpp"
#include "gate/access/created.hpp"
#include "gate/access/planning.hpp"
#include "gate/access/reading.hpp"
#include "gate/check/check.hpp"
#include "gate/check/privileges.hpp"
#include "gate/check/refusal.hpp"
#include "gate/check/withheld.hpp"

namespace warrant {

namespace {

constexpr int most_on_stack = 16;

template <class Item>
Item* RoomFor(Item* on_stack, int count) {
    return count <= most_on_stack ? on_stack : static_cast<Item*>(palloc(count * sizeof(Item)));
}

struct Findings {
    int missing_count;
    Missing* missing;
    int verdict_count;
    int verdict_room;
    Verdict* verdicts;
    const ActingUser* missed_by;    // who lacks it; nullptr: the subject
};

Verdict* NewVerdict(Findings* findings) {
    if (findings->verdict_count == findings->verdict_room) {
        Verdict* more = static_cast<Verdict*>(palloc(2 * findings->verdict_room * sizeof(Verdict)));
        memcpy(more, findings->verdicts, findings->verdict_count * sizeof(Verdict));
        findings->verdicts = more;
        findings->verdict_room *= 2;
    }
    return &findings->verdicts[findings->verdict_count++];
}

// How an access that runs, or only would have been refused, is recorded.
void AddVerdict(Findings* findings, const Access& access, const Governance* governance, const Decision* decision, bool trusted) {
    Verdict* verdict = NewVerdict(findings);
    verdict->access = access;
    verdict->event = Event::Allowed;
    verdict->governance = governance;
    verdict->policy = decision->policy;
    verdict->grant_id = decision->grant_id;
    verdict->audited = decision->policy->audited;
    verdict->waits = verdict->owes = verdict->stands = false;
    switch (trusted ? Answer::Exempt : decision->answer) {
        case Answer::Granted:
            verdict->stands = !IsMonitored(decision);
            verdict->waits = decision->policy->audit_wait && verdict->stands;
            verdict->owes = unlikely(decision->price != Price::Nothing) && OwesUse(decision);
            break;
        case Answer::Exempt: verdict->event = Event::Exempt; break;
        case Answer::Open: break;
        default: verdict->event = Event::WouldRefuse, verdict->audited = true;
    }
}

bool IsMissing(const Findings* findings, const Access& access) {
    for (int i = 0; i < findings->missing_count; i++)
        if (findings->missing[i].access.relation == access.relation && findings->missing[i].access.command == access.command)
            return true;
    return false;
}

Governance* GovernanceOf(const Access& access, Oid subject) {
    switch (access.command) {
        case Command::Create: return ReadSchemaGovernance(access.relation);
        case Command::Admin: return ReadDatabaseGovernance(subject);
        default: return FindGovernance(access.relation);
    }
}

void Miss(Findings* findings, const Access& access, const Governance* governance, const Decision* decision) {
    if (!IsMissing(findings, access))
        findings->missing[findings->missing_count++] = Missing{access, decision->policy, governance, decision->answer};
}

// By the policy's definer_roles: who the server checks, or for whom it works where no client is that could call him.
bool IsTrusted(const Governance* governance, Oid subject, const Access& access) {
    return (OidIsValid(access.definer) && TrustsDefiner(governance, subject, access.command, access.definer)) ||
           (IsServersChoice(subject) && TrustsDefiner(governance, subject, access.command, subject));
}

// The decision may live in the governance's memory, which stays while no other check runs.
Answer Examine(Findings* findings, const Access& access, Oid subject) {
    Governance* governance = GovernanceOf(access, subject);
    if (governance->own)
        return Answer::Unprotected;
    const Decision* decision = Decide(governance, subject, access.command);
    if (decision->answer == Answer::Unprotected)
        return decision->answer;
    Decision covered;
    if (unlikely(HasCreated()) && IsCoveredByCreation(governance, decision, access.command, subject, &covered))
        decision = &covered;
    bool trusted = !Runs(decision) && IsTrusted(governance, subject, access);
    if (Runs(decision) || trusted || IsMonitored(decision)) {
        if (decision->policy != nullptr)
            AddVerdict(findings, access, governance, decision, trusted);
    } else {
        Miss(findings, access, governance, decision);
    }
    return decision->answer;
}

bool Asks(const Access& access) {
    return access.relation >= FirstNormalObjectId || access.command == Command::Create || access.command == Command::Admin;
}

// Who acts needs no verdict of his own but for the grant that he passes by: the subject's has his name in the row.
void ExamineActing(Findings* findings, const Access& access, Oid user) {
    Governance* governance = GovernanceOf(access, user);
    if (governance->own || (governance->member_count == 0 && governance->known_kind))
        return;
    bool trusted = OidIsValid(user) && (TrustsDefiner(governance, user, access.command, user) ||
                                        (OidIsValid(access.definer) && TrustsDefiner(governance, user, access.command, access.definer)));
    if (trusted)
        return;
    Decision decision = DecideFor(governance, user, access.command), covered;
    if (unlikely(HasCreated()) && IsCoveredByCreation(governance, &decision, access.command, user, &covered))
        decision = covered;
    if (!Runs(&decision) && !IsMonitored(&decision))
        Miss(findings, access, governance, &decision);
    else if (decision.policy != nullptr && decision.answer != Answer::Exempt && decision.answer != Answer::Open)
        AddVerdict(findings, access, governance, &decision, false);
}

// The subject's own grant leads into the functions that he calls; what lets him pass without one, and what he did not call, does not.
void FindActing(Findings* findings, const AccessList* list, const bool* granted, const Actors* actors) {
    for (int user = 0; user < actors->count && findings->missing_count == 0; user++) {
        findings->missed_by = &actors->users[user];
        for (int i = 0; i < list->count; i++)
            if (Asks(list->items[i]) && (actors->by_server || !granted[i]) && !IsOfRefresh(list->items[i].relation))
                ExamineActing(findings, list->items[i], actors->users[user].user);
    }
}

Answer AnswerOf(const AccessList* list, const bool* granted, const Access& access) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i].relation == access.relation && list->items[i].command == access.command && !granted[i])
            return Answer::Exempt;
    return Answer::Granted;
}

// The subject's own grant leads through others' views, as into their functions; an exemption, and a definer's trust, do not.
void FindOthers(Findings* findings, const AccessList* list, const bool* granted, const Actors* actors) {
    static ActingUser other;    // findings keep its address
    ListCell* cell;
    foreach (cell, list->others) {
        const Others* others = static_cast<const Others*>(lfirst(cell));
        bool leads = !actors->by_server && AnswerOf(list, granted, others->access) == Answer::Granted;
        if (leads || (actors->count == 0 && !others->stored) || findings->missing_count > 0)
            continue;
        other = ActingUser{};
        other.user = others->user;
        other.by_server = true;
        other.operation = "a view or rule";
        findings->missed_by = &other;
        ExamineActing(findings, others->access, others->user);
    }
}

void FindAll(Findings* findings, const AccessList* list, const Actors* actors, Oid subject) {
    bool on_stack[most_on_stack];
    bool* granted = RoomFor(on_stack, list->count);
    findings->missing_count = findings->verdict_count = 0;
    findings->missed_by = nullptr;
    for (int i = 0; i < list->count; i++)
        granted[i] = Asks(list->items[i]) && !IsOfRefresh(list->items[i].relation) && Examine(findings, list->items[i], subject) == Answer::Granted;
    if (unlikely(actors->count > 0) && findings->missing_count == 0)
        FindActing(findings, list, granted, actors);
    if (unlikely(list->others != NIL) && findings->missing_count == 0)
        FindOthers(findings, list, granted, actors);
}

// What a check is about: a query that starts or one that is analysed, or neither. plan: whose privileges the server will ask for.
struct Asked {
    QueryDesc* query;
    Query* parsed;
    const PlannedStmt* plan;
    int leaves_out;    // so many of the latest who act
};

// Refuses what is missing. What a webhook approved meanwhile is decided once more, from the rules as they are now.
void RequireAll(Findings* findings, const Asked& asked, const AccessList* list, bool may_wait = true) {
    Oid subject = CurrentSubject();
    Actors actors;
    FindActors(&actors, subject, asked.leaves_out);
    for (;; may_wait = false) {
        FindAll(findings, list, &actors, subject);
        if (findings->missing_count == 0)
            return;
        RequireServerPrivileges(asked.plan, asked.parsed);
        Refuse(asked.query, asked.parsed, findings->missing, findings->missing_count, findings->missed_by, may_wait);
        AcceptInvalidationMessages();
    }
}

}    // namespace

void CheckAccesses(QueryDesc* query, const AccessList* list, int leaves_out) {
    if (GateIsOff() || list->count == 0)
        return;
    Missing missing[most_on_stack];
    Verdict verdicts[most_on_stack];
    Findings findings = {0, RoomFor(missing, list->count), 0, list->count, RoomFor(verdicts, list->count), nullptr};
    constexpr int most_races = 10;    // who loses one for a last use has a grant less to try
    for (int lost = 0; lost < most_races; lost++) {
        RequireAll(&findings, Asked{query, nullptr, query == nullptr ? nullptr : query->plannedstmt, leaves_out}, list, lost == 0);
        if (RecordVerdicts(query, findings.verdicts, findings.verdict_count))
            return;
        AcceptInvalidationMessages();
    }
    ereport(ERROR, (errcode(error_unavailable), errmsg("other sessions were quicker to use the grants"), errhint("Run the statement again.")));
}

void RefuseMissing(const AccessList* list, Query* parsed, int leaves_out) {
    if (GateIsOff() || list->count == 0)
        return;
    Missing missing[most_on_stack];
    Verdict verdicts[most_on_stack];
    Findings findings = {0, RoomFor(missing, list->count), 0, list->count, RoomFor(verdicts, list->count), nullptr};
    RequireAll(&findings, Asked{nullptr, parsed, nullptr, leaves_out}, list);
}

void CheckPermissions(QueryDesc* query, List* permissions, const TargetReads& reads, bool exported, int leaves_out) {
    AccessList list;
    list.count = 0;
    list.items = nullptr;
    list.others = NIL;
    CollectAccesses(&list, permissions, reads, exported);
    CheckAccesses(query, &list, leaves_out);
}

}    // namespace warrant
