#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/words.hpp"
#include "rules/approvers.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

bool CanLogIn(Oid role) {
    HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    bool can = HeapTupleIsValid(tuple) && Form_pg_authid(GETSTRUCT(tuple))->rolcanlogin;
    if (HeapTupleIsValid(tuple))
        ReleaseSysCache(tuple);
    return can;
}

constexpr OwnColumn of_person[] = {{"person"}}, of_identity[] = {{"identity"}}, of_webhook[] = {{"enabled", true}};
constexpr OwnColumn of_delegation[] = {{"delegator"}, {"ends_at"}};

// Begins to read the column of one of our tables by an index; false where the script of an older release has no such table.
bool BeginOf(CommittedScan* scan, const char* table, const OwnColumns& column, const char* index, Rows rows = Rows::Committed) {
    const Installation* own = FindInstallation();
    Oid found = own == nullptr ? InvalidOid : get_relname_relid(table, own->schema);
    if (!OidIsValid(found) || !OidIsValid(get_relname_relid(index, own->schema)))
        return false;
    BeginOwn(
        scan, column, found, [index] { return get_relname_relid(index, RequireInstallation()->schema); }, rows);
    return true;
}

// Calls visit(value) with a column that is not NULL, for each row of one of our tables whose first column in the index is the key.
template <class Visit>
void ForEachOf(const char* table, const OwnColumns& column, const char* index, RegProcedure equal, Datum key, Visit visit,
               Rows rows = Rows::Committed) {
    CommittedScan scan;
    if (!BeginOf(&scan, table, column, index, rows))
        return;
    ScanKeyData keys[1];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, equal, key);
    ForEachCommitted(&scan, keys, 1, [&visit](Datum* values, bool* nulls) {
        if (!nulls[0])
            visit(values[0]);
    });
    EndCommitted(&scan);
}

bool IsAmong(const List* names, const char* name) {
    ListCell* cell;
    foreach (cell, names)
        if (strcmp(static_cast<char*>(lfirst(cell)), name) == 0)
            return true;
    return false;
}

List* AddName(List* names, char* name) { return IsAmong(names, name) ? names : lappend(names, name); }

// What the human behind a login is known by: the person, and the identity as which the server has met the login; or else the login.
List* NamesOf(Oid login) {
    List* names = NIL;
    auto add = [&names](Datum name) { names = AddName(names, TextDatumGetCString(name)); };
    ForEachOf("persons", of_person, "persons_pkey", F_OIDEQ, ObjectIdGetDatum(login), add);
    ForEachOf("identities", of_identity, "identities_role_identity_key", F_OIDEQ, ObjectIdGetDatum(login), add);
    const char* name = GetUserNameFromId(login, true);
    return names == NIL && name != nullptr ? list_make1(pstrdup(name)) : names;
}

// A person who could decide, by all names that are known of him.
struct Decider {
    List* names;
    core::RoleSet roles;    // as which of the approver roles; none for the requester
};

// The person of a login, who is new when he has no name that is known.
Decider* DeciderOf(Oid login, List** deciders) {
    List* names = NamesOf(login);
    ListCell *cell, *name;
    foreach (cell, *deciders) {
        Decider* known = static_cast<Decider*>(lfirst(cell));
        bool is_same = false;
        foreach (name, names)
            is_same = is_same || IsAmong(known->names, static_cast<char*>(lfirst(name)));
        if (!is_same)
            continue;
        foreach (name, names)
            known->names = AddName(known->names, static_cast<char*>(lfirst(name)));
        return known;
    }
    Decider* decider = static_cast<Decider*>(palloc(sizeof(Decider)));
    *decider = Decider{names, 0};
    *deciders = lappend(*deciders, decider);
    return decider;
}

// Adds who can log in as the role or one of its members, through whatever other roles, until they are enough. Whether somebody can but for the
// requester.
bool AddDeciders(List** deciders, Oid role, core::RoleSet bit, Oid requester, int enough) {
    List* roles = list_make1_oid(role);
    const Decider* himself = OidIsValid(requester) ? static_cast<Decider*>(linitial(*deciders)) : nullptr;
    int persons = 0;
    bool only_himself = false;
    ListCell* cell;
    foreach (cell, roles) {
        CHECK_FOR_INTERRUPTS();
        if (persons >= enough)
            break;
        Oid login = lfirst_oid(cell);
        Decider* decider = login != requester && CanLogIn(login) ? DeciderOf(login, deciders) : nullptr;
        only_himself = only_himself || (decider != nullptr && decider == himself);
        if (decider != nullptr && decider != himself && (decider->roles & bit) == 0) {
            decider->roles |= bit;
            persons++;
        }
        CatCList* memberships = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(login));
        for (int i = 0; i < memberships->n_members; i++)
            roles = list_append_unique_oid(roles, Form_pg_auth_members(GETSTRUCT(&memberships->members[i]->tuple))->member);
        ReleaseSysCacheList(memberships);
    }
    return only_himself;
}

bool IsEnabled(const char* webhook, Rows rows) {
    bool enabled = false;
    ForEachOf(
        "webhooks", of_webhook, "webhooks_name_key", F_TEXTEQ, CStringGetTextDatum(webhook),
        [&enabled](Datum value) { enabled = DatumGetBool(value); }, rows);
    return enabled;
}

}    // namespace

char* PersonOf(Oid login) {
    char* person = nullptr;
    ForEachOf("persons", of_person, "persons_pkey", F_OIDEQ, ObjectIdGetDatum(login),
              [&person](Datum value) { person = TextDatumGetCString(value); });
    return person;
}

List* DelegatorsOf(Oid delegate) {
    List* delegators = NIL;
    CommittedScan scan;
    if (!OidIsValid(delegate) || !BeginOf(&scan, "delegations", of_delegation, "delegations_by_delegate", Rows::OfTransaction))
        return NIL;
    TimestampTz now = MonotonicNow();
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(delegate));
    ForEachCommitted(&scan, &key, 1, [&delegators, now](Datum* values, bool*) {
        if (DatumGetTimestampTz(values[1]) > now)
            delegators = lappend_oid(delegators, DatumGetObjectId(values[0]));
    });
    EndCommitted(&scan);
    list_sort(delegators, list_oid_cmp);
    return delegators;
}

bool ArePersonsKnown() {
    CommittedScan scan;
    if (!BeginOf(&scan, "persons", of_person, "persons_pkey"))
        return false;
    bool known = AnyCommitted(&scan, nullptr, 0, [](Datum*, bool*) { return true; });
    EndCommitted(&scan);
    return known;
}

bool IsOneKnownAs(const List* roles, const List* names) {
    CommittedScan persons, identities;
    bool has_persons = BeginOf(&persons, "persons", of_person, "persons_pkey");
    bool has_identities = BeginOf(&identities, "identities", of_identity, "identities_role_identity_key");
    bool found = false;
    ListCell* cell;
    foreach (cell, roles) {
        CHECK_FOR_INTERRUPTS();
        ScanKeyData key;
        ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(lfirst_oid(cell)));
        char* person = nullptr;
        if (has_persons)
            ForEachCommitted(&persons, &key, 1, [&person](Datum* values, bool*) { person = TextDatumGetCString(values[0]); });
        if (person == nullptr)
            person = GetUserNameFromId(lfirst_oid(cell), true);
        if (person == nullptr)
            person = psprintf("role %u", lfirst_oid(cell));
        found = IsAmong(names, person) || (has_identities && AnyCommitted(&identities, &key, 1, [names](Datum* values, bool* nulls) {
                                               return !nulls[0] && IsAmong(names, TextDatumGetCString(values[0]));
                                           }));
        if (found)
            break;
    }
    if (has_persons)
        EndCommitted(&persons);
    if (has_identities)
        EndCommitted(&identities);
    return found;
}

List* WithMembers(Oid role) {
    List* roles = list_make1_oid(role);
    HASHCTL control = {};
    control.keysize = control.entrysize = sizeof(Oid);
    control.hcxt = CurrentMemoryContext;
    HTAB* seen = nullptr;    // most roles have no members
    ListCell* cell;
    AcceptInvalidationMessages();
    foreach (cell, roles) {
        CHECK_FOR_INTERRUPTS();
        CatCList* memberships = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(lfirst_oid(cell)));
        if (memberships->n_members > 0 && seen == nullptr)
            seen = hash_create("pg_warrant members", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
        for (int i = 0; i < memberships->n_members; i++) {
            Oid member = Form_pg_auth_members(GETSTRUCT(&memberships->members[i]->tuple))->member;
            bool known;
            (void)hash_search(seen, &member, HASH_ENTER, &known);
            if (!known)
                roles = lappend_oid(roles, member);
        }
        ReleaseSysCacheList(memberships);
    }
    return roles;
}

char* WhyUndecidable(const Policy* policy, Oid requester, Rows rows) {
    if (policy->effect != Effect::Approve || policy->monitor)    // a policy that asks nobody
        return nullptr;
    int webhooks = policy->webhook != nullptr && IsEnabled(policy->webhook, rows);
    const char* disabled = policy->webhook == nullptr || webhooks > 0 ? "" : psprintf(", and webhook \"%s\" is disabled", policy->webhook);
    ApproverRoles approvers = ApproverRolesOf(policy);
    List* deciders = NIL;
    core::Quorum quorum;
    if (OidIsValid(requester))
        (void)DeciderOf(requester, &deciders);
    for (int i = 0; i < approvers.count; i++) {
        bool by_webhook = approvers.count == 1 && webhooks >= policy->min_approvals;
        if (RoleIsGone(approvers.roles[i]) && !by_webhook)
            return psprintf("Nobody can decide: %s approver role of policy \"%s\" is gone%s.", approvers.count == 1 ? "the" : "an",
                            Shown(policy->name), disabled);
    }
    for (int i = 0; i < approvers.count; i++) {
        core::RoleSet bit = core::RoleSet(1U << i);
        quorum.Add(approvers.approvals[i] - (approvers.count == 1 ? webhooks : 0));
        bool only_himself = AddDeciders(&deciders, approvers.roles[i], bit, requester, policy->min_approvals - webhooks);
        if (OidIsValid(policy->escalate_to) && !RoleIsGone(policy->escalate_to))    // who comes later is somebody
            (void)AddDeciders(&deciders, policy->escalate_to, bit, requester, policy->min_approvals - webhooks);
        bool somebody = approvers.count == 1 && webhooks > 0;
        ListCell* cell;
        foreach (cell, deciders)
            somebody = somebody || (static_cast<Decider*>(lfirst(cell))->roles & bit) != 0;
        if (!somebody)
            return psprintf("Nobody can decide: role \"%s\" has no %s who can log in%s.", Shown(GetUserNameFromId(approvers.roles[i], true)),
                            !OidIsValid(requester) ? "member"
                            : only_himself         ? "member of another person"
                                                   : "other member",
                            disabled);
    }
    ListCell* cell;
    foreach (cell, deciders)
        (void)quorum.Count(static_cast<Decider*>(lfirst(cell))->roles);
    if (quorum.Missing() == 0)
        return nullptr;
    return psprintf("Nobody can decide: policy \"%s\" asks for %d approvals, and only %d can be given%s.", Shown(policy->name), policy->min_approvals,
                    policy->min_approvals - quorum.Missing(), disabled);
}

}    // namespace warrant
