#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/settings.hpp"
#include "rules/access.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/exact.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "statement/row_budgets.hpp"
#include "statement/statement.hpp"
#include "statement/uses.hpp"
#include "gate/access/access.hpp"
#include "gate/access/created.hpp"
#include "gate/access/plan_notes.hpp"
#include "gate/access/planning.hpp"
#include "gate/check/access_columns.hpp"
#include "gate/check/check.hpp"
#include "gate/check/concealed_errors.hpp"
#include "gate/check/identity.hpp"
#include "gate/check/privileges.hpp"
#include "gate/check/refusal.hpp"
#include "gate/check/refused_access.hpp"

namespace warrant {

namespace {

constexpr int most_on_stack = 16;

// Room for what most statements need, whose values nobody begins: to begin them costs a statement 340 instructions.
template <class Item>
struct Room {
    alignas(Item) char on_stack[most_on_stack * sizeof(Item)];

    Item* Of(int count) { return static_cast<Item*>(count <= most_on_stack ? static_cast<void*>(on_stack) : palloc(count * sizeof(Item))); }
};

struct CheckResult {
    int refused_count;
    RefusedAccess* refused;
    int checked_count;
    int checked_room;
    CheckedAccess* checked;
    // Who is refused; nullptr for the subject.
    const ActingUser* refused_actor;
    // What a policy grants by itself once nothing is refused, and to whom: all to one.
    int automatic_count;
    RefusedAccess* automatic;
    const ActingUser* automatic_actor;
    // Whether something runs that would have been refused.
    bool watched = false;
};

struct CheckRoom {
    Room<RefusedAccess> refused, automatic;
    Room<CheckedAccess> checked;
};

CheckResult ResultIn(CheckRoom* room, int count) {
    return CheckResult{0, room->refused.Of(count), 0, count, room->checked.Of(count), nullptr, 0, room->automatic.Of(count), nullptr};
}

CheckedAccess* NewChecked(CheckResult* result) {
    if (result->checked_count == result->checked_room) {
        CheckedAccess* more = static_cast<CheckedAccess*>(palloc(2 * result->checked_room * sizeof(CheckedAccess)));
        memcpy(more, result->checked, result->checked_count * sizeof(CheckedAccess));
        result->checked = more;
        result->checked_room *= 2;
    }
    return &result->checked[result->checked_count++];
}

// What is to be recorded with the same answer for another of the relation's columns; nullptr where there is nothing.
CheckedAccess* FindChecked(const CheckResult* result, const Access& access, const Decision* decision) {
    for (int i = 0; i < result->checked_count && access.column != nullptr; i++) {
        CheckedAccess& other = result->checked[i];
        if (other.access.relation == access.relation && other.access.command == access.command && other.policy == decision->policy &&
            other.grant_id == decision->grant_id)
            return &other;
    }
    return nullptr;
}

// Adds what is to be recorded of an access that runs, or only would have been refused.
void AddChecked(CheckResult* result, const Access& access, const GoverningPolicies* policies, const Decision* decision, bool trusted) {
    if (CheckedAccess* other = FindChecked(result, access, decision)) {
        other->access.touched = Both(other->access.touched, DecidedColumns(access, policies));
        return;
    }
    CheckedAccess* checked_access = NewChecked(result);
    checked_access->access = access;
    checked_access->access.column = nullptr;
    checked_access->access.touched = {};
    checked_access->event = Event::Allowed;
    checked_access->policies = policies;
    checked_access->policy = decision->policy;
    checked_access->grant_id = decision->grant_id;
    checked_access->audited = decision->policy->audited;
    checked_access->waits = checked_access->owes_use = checked_access->stands = false;
    checked_access->max_rows = 0;
    checked_access->columns = nullptr;
    switch (trusted ? Answer::Exempt : decision->answer) {
        case Answer::Granted:
            checked_access->stands = !IsMonitored(decision);
            checked_access->waits = decision->policy->audit_wait && checked_access->stands;
            checked_access->owes_use = decision->cost != UseCost::Nothing && OwesUse(decision);
            checked_access->max_rows = checked_access->stands ? decision->max_rows : 0;
            break;
        case Answer::Exempt: checked_access->event = Event::Exempt; break;
        case Answer::Open:
        case Answer::Auto: break;    // which is only watched
        default: checked_access->event = Event::WouldRefuse, checked_access->audited = result->watched = true;
    }
    // Their names cost more than a row that nobody waits for: such a row tells columns only where rules do.
    bool tells_columns = checked_access->waits || checked_access->owes_use || policies->column_count > 0 || decision->narrow;
    if (tells_columns && checked_access->audited)
        checked_access->access.touched = DecidedColumns(access, policies);
}

GoverningPolicies* GoverningPoliciesOf(const Access& access, Oid subject) {
    switch (access.command) {
        case Command::Create: return ReadSchemaGoverningPolicies(access.relation);
        case Command::Admin: return ReadDatabaseGoverningPolicies(subject);
        default: return FindGoverningPolicies(access.relation);
    }
}

void AddRefused(CheckResult* result, const Access& access, const GoverningPolicies* policies, const Decision* decision, Oid subject) {
    AddItem(result->refused, &result->refused_count, access, policies, decision, subject);
}

// Another actor's come when these are granted.
void AddAutomatic(CheckResult* result, const Access& access, const GoverningPolicies* policies, const Decision* decision, const ActingUser* actor) {
    if (result->automatic_count > 0 && result->automatic_actor != actor)
        return;
    result->automatic_actor = actor;
    AddItem(result->automatic, &result->automatic_count, access, policies, decision, InvalidOid);
}

// Whether the policy's definer_roles name whom the server checks, or the user for whom a process without a client works: no client can have
// called that user.
bool IsTrusted(const GoverningPolicies* policies, Oid subject, const Access& access) {
    return (OidIsValid(access.definer) && TrustsDefiner(policies, subject, access.command, access.column, access.definer)) ||
           (IsServersChoice(subject) && TrustsDefiner(policies, subject, access.command, access.column, subject));
}

// Whether the user may read some columns of the relation and not others, so that it matters what a write puts where.
bool HasColumnsOpened(GoverningPolicies* policies, Oid user) {
    return policies->member_count > 0 && (user == CurrentSubject() ? HasGrantOnColumns(policies, user) : FindGrantOnColumns(user, policies));
}

// The decision may live in the governing policies' memory, which stays while no other check runs.
Answer Examine(CheckResult* result, const Access& access, Oid subject) {
    GoverningPolicies* policies = GoverningPoliciesOf(access, subject);
    if (policies->own || (access.implied && !HasColumnsOpened(policies, subject)))
        return Answer::Unprotected;
    missed_grant = MissedGrant{};
    const Decision* decision = Decide(policies, subject, access.command, access.column, access.touched);
    if (decision->answer == Answer::Unprotected)
        return decision->answer;
    Decision covered;
    if (unlikely(HasCreated()) && IsCoveredByCreation(policies, decision, access.command, subject, &covered))
        decision = &covered;
    bool trusted = !Runs(decision) && IsTrusted(policies, subject, access);
    if (Runs(decision) || trusted || IsMonitored(decision)) {
        if (decision->policy != nullptr)
            AddChecked(result, access, policies, decision, trusted);
    } else if (decision->answer == Answer::Auto) {
        AddAutomatic(result, access, policies, decision, nullptr);
        return Answer::Granted;
    } else {
        AddRefused(result, access, policies, decision, subject);
    }
    return decision->answer;
}

bool Asks(const Access& access) {
    return access.relation >= FirstNormalObjectId || access.command == Command::Create || access.command == Command::Admin;
}

// An acting user has a checked access only for the grant that lets it pass, because the subject's own row names the acting user already.
void ExamineActing(CheckResult* result, const Access& access, Oid user) {
    GoverningPolicies* policies = GoverningPoliciesOf(access, user);
    if (policies->own || (policies->member_count == 0 && policies->known_kind) || (access.implied && !HasColumnsOpened(policies, user)))
        return;
    bool trusted = OidIsValid(user) && (TrustsDefiner(policies, user, access.command, access.column, user) ||
                                        (OidIsValid(access.definer) && TrustsDefiner(policies, user, access.command, access.column, access.definer)));
    if (trusted)
        return;
    missed_grant = MissedGrant{};
    Decision decision = DecideFor(policies, user, access.command, access.column, true, true, access.touched), covered;
    missed_grant = MissedGrant{};    // it would not be the subject's
    if (HasCreated() && IsCoveredByCreation(policies, &decision, access.command, user, &covered))
        decision = covered;
    if (decision.answer == Answer::Auto && !IsMonitored(&decision))
        AddAutomatic(result, access, policies, &decision, result->refused_actor);
    else if (!Runs(&decision) && !IsMonitored(&decision))
        AddRefused(result, access, policies, &decision, user);
    else if (decision.policy != nullptr && decision.answer != Answer::Exempt && decision.answer != Answer::Open)
        AddChecked(result, access, policies, &decision, false);
}

// The subject's own grant leads into the functions that the subject calls. What lets the subject pass without a grant does not, and no grant
// leads into what the subject did not call.
void FindActing(CheckResult* result, const AccessList* list, const bool* granted, const Actors* actors) {
    for (int user = 0; user < actors->count && result->refused_count == 0; user++) {
        result->refused_actor = &actors->users[user];
        for (int i = 0; i < list->count; i++)
            if (Asks(list->items[i]) && (actors->by_server || !granted[i]) && !IsOfRefresh(list->items[i].relation))
                ExamineActing(result, list->items[i], actors->users[user].user);
    }
}

// Whether the subject's own grant lets the access run, for every definer that the list has it with.
bool IsGranted(const AccessList* list, const bool* granted, const Access& access) {
    for (int i = 0; i < list->count; i++)
        if (IsSameAccess(list->items[i], access) && !granted[i])
            return false;
    return true;
}

// The subject's own grant leads through others' views, as into others' functions; an exemption, and a definer's trust, do not.
void FindOthers(CheckResult* result, const AccessList* list, const bool* granted, const Actors* actors) {
    ListCell* cell;
    foreach (cell, list->others) {
        const OwnerAccess* owner = static_cast<const OwnerAccess*>(lfirst(cell));
        bool leads = !actors->by_server && IsGranted(list, granted, owner->access);
        if (leads || (actors->count == 0 && !owner->stored) || result->refused_count > 0)
            continue;
        ActingUser* other = static_cast<ActingUser*>(palloc0(sizeof(ActingUser)));    // the result keeps its address
        other->user = owner->user;
        other->by_server = true;
        other->operation = "a view or rule";
        result->refused_actor = other;
        ExamineActing(result, owner->access, owner->user);
    }
}

void FindAll(CheckResult* result, const AccessList* list, const Actors* actors, Oid subject) {
    Room<bool> room;
    bool* granted = room.Of(list->count);
    result->refused_count = result->checked_count = result->automatic_count = 0;
    result->refused_actor = nullptr;
    result->watched = false;
    for (int i = 0; i < list->count; i++)
        granted[i] = Asks(list->items[i]) && !IsOfRefresh(list->items[i].relation) && Examine(result, list->items[i], subject) == Answer::Granted;
    if (unlikely(actors->count > 0) && result->refused_count == 0)
        FindActing(result, list, granted, actors);
    if (unlikely(list->others != NIL) && result->refused_count == 0)
        FindOthers(result, list, granted, actors);
}

// What a check is about: a query that starts or one that is analysed, or neither. plan: whose privileges the server will ask for. running: a query
// that is to go on.
struct CheckedStatement {
    QueryDesc* query;
    Query* parsed;
    const PlannedStmt* plan;
    const QueryDesc* running;
    // So many of the users who acted last are not asked.
    int leaves_out;
};

// Refuses what an approval is missing for. What a webhook approved meanwhile is decided once more, from the rules as they are now.
void RequireAll(CheckResult* result, const CheckedStatement& checked_statement, const AccessList* list, bool may_wait = true) {
    Oid subject = CurrentSubject();
    Actors actors;
    FindActors(&actors, subject, checked_statement.leaves_out);
    // A grant may be used up by other sessions before this one decides under it.
    constexpr int most_grants = 20;
    for (int granted = 0; granted < most_grants; may_wait = false) {
        BeginCheck(checked_statement.query != nullptr ? checked_statement.query : checked_statement.running, checked_statement.parsed);
        FindAll(result, list, &actors, subject);
        if (result->refused_count == 0 && result->automatic_count == 0)
            return;
        RequireServerPrivileges(checked_statement.plan, checked_statement.parsed);
        if (result->refused_count > 0)
            Refuse(checked_statement.query, checked_statement.parsed, result->refused, result->refused_count, result->refused_actor, may_wait);
        else
            MakeGrants(checked_statement.query, checked_statement.parsed, result->automatic, result->automatic_count, result->automatic_actor);
        granted += result->refused_count == 0;
        AcceptInvalidationMessages();
    }
    ereport(ERROR, (errcode(error_unavailable), errmsg("other sessions were quicker to use the grants"), errhint("Run the statement again.")));
}

// starts: the server has not asked for the query's privileges yet.
void CheckList(QueryDesc* query, const AccessList* list, int leaves_out, bool starts) {
    if (GateIsOff() || list->count == 0)
        return;
    CheckRoom room;
    CheckResult result = ResultIn(&room, list->count);
    // Whoever loses the race for a last use has one grant less to try.
    constexpr int most_races = 10;
    for (int lost = 0; lost < most_races; lost++) {
        RequireAll(&result, CheckedStatement{query, nullptr, query == nullptr ? nullptr : query->plannedstmt, nullptr, leaves_out}, list, lost == 0);
        // What the server refuses would not have asked.
        if (unlikely(result.watched) && starts)
            RequireServerPrivileges(query->plannedstmt, nullptr);
        NameColumns(result.checked, result.checked_count);
        if (RecordChecked(query, result.checked, result.checked_count))
            return;
        AcceptInvalidationMessages();
    }
    ereport(ERROR, (errcode(error_unavailable), errmsg("other sessions were quicker to use the grants"), errhint("Run the statement again.")));
}

}    // namespace

void Foresee(const AccessList* list, void (*visit)(const ForeseenAccess& foreseen, void* context), void* context) {
    Oid subject = CurrentSubject();
    Room<bool> room;
    bool* granted = room.Of(list->count);
    for (int i = 0; i < list->count; i++) {
        const Access& access = list->items[i];
        missed_grant = MissedGrant{};
        granted[i] = false;
        if (!Asks(access))
            continue;
        GoverningPolicies* policies = GoverningPoliciesOf(access, subject);
        if (access.implied && !HasColumnsOpened(policies, subject))
            continue;
        Decision decision = *Decide(policies, subject, access.command, access.column, access.touched);
        granted[i] = decision.answer == Answer::Granted;
        if (decision.answer != Answer::Unprotected)
            visit(ForeseenAccess{access, subject, policies, decision, !Runs(&decision) && IsTrusted(policies, subject, access), missed_grant},
                  context);
    }
    ListCell* cell;
    foreach (cell, list->others) {
        const OwnerAccess* owner = static_cast<const OwnerAccess*>(lfirst(cell));
        const Access& access = owner->access;
        if (!owner->stored || IsGranted(list, granted, access))
            continue;
        GoverningPolicies* policies = GoverningPoliciesOf(access, owner->user);
        if (access.implied && !HasColumnsOpened(policies, owner->user))
            continue;
        Decision decision = DecideFor(policies, owner->user, access.command, access.column, true, true, access.touched);
        bool trusted = !Runs(&decision) && TrustsDefiner(policies, owner->user, access.command, access.column, owner->user);
        if (decision.answer != Answer::Unprotected)
            visit(ForeseenAccess{access, owner->user, policies, decision, trusted, MissedGrant{}}, context);
    }
}

RefusedAccess* ForeseeRefusals(const AccessList* list, int* count) {
    Oid subject = CurrentSubject();
    CheckResult result = {};
    result.refused = static_cast<RefusedAccess*>(palloc((list->count + 1) * sizeof(RefusedAccess)));
    result.automatic = static_cast<RefusedAccess*>(palloc((list->count + 1) * sizeof(RefusedAccess)));
    result.checked_room = list->count + 1;
    result.checked = static_cast<CheckedAccess*>(palloc(result.checked_room * sizeof(CheckedAccess)));
    for (int i = 0; i < list->count; i++)
        if (Asks(list->items[i]))
            (void)Examine(&result, list->items[i], subject);
    *count = result.refused_count;
    return result.refused;
}

void CheckAccesses(QueryDesc* query, const AccessList* list, int leaves_out) { CheckList(query, list, leaves_out, false); }

void RefuseUnapproved(const AccessList* list, Query* parsed, int leaves_out, const QueryDesc* running) {
    if (GateIsOff() || list->count == 0)
        return;
    CheckRoom room;
    CheckResult result = ResultIn(&room, list->count);
    RequireAll(&result, CheckedStatement{nullptr, parsed, nullptr, running, leaves_out}, list);
    const CheckedAccess* limited = parsed == nullptr ? nullptr : FindLimited(result.checked, result.checked_count);
    if (unlikely(limited != nullptr) && ShowsStatistics(parsed))
        RaiseUncountable(limited, "The planner would show values to an operator or SQL function in its conditions.",
                         "Compare its columns by built-in functions and operators alone, or ask for a grant without max_rows.");
}

void CheckPermissions(QueryDesc* query, List* permissions, const PlanNotes& notes, bool exported, int leaves_out) {
    AccessList list;
    CollectAccesses(&list, permissions, notes, exported);
    CheckList(query, &list, leaves_out, query != nullptr && !IsDeferred(query));
}

}    // namespace warrant
