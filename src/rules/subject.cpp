#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "rules/invalidation.hpp"
#include "rules/subject.hpp"

namespace warrant {

bool IsPoolSession() {
    static bool pooled = false;
    static Oid user = InvalidOid;
    static int changes = 0;
    static uint32_t generation = 0;
    if (settings.pool_roles == nullptr || settings.pool_roles[0] == '\0')
        return false;
    bool known = user == GetSessionUserId() && changes == settings.pool_changes && generation == decision_generation;
    if (known || !IsTransactionState())
        return pooled;
    user = GetSessionUserId();
    changes = settings.pool_changes;
    generation = decision_generation;
    const char* name = GetUserNameFromId(user, true);
    return pooled = name != nullptr && IsListed(settings.pool_roles, name);
}

namespace {

bool HasClient() { return MyProcPort != nullptr || IsParallelWorker() || !IsUnderPostmaster; }

// The first user of the process: a worker that was started for a role, or has taken one by itself, calls functions of others as that role.
Oid FirstUser() {
    if (ActingNow() == 0)
        return GetUserId();
    return acting_users[0].by_server && OidIsValid(acting_users[0].user) ? acting_users[0].user : GetOuterUserId();
}

}    // namespace

Oid CurrentSubject() {
    if (!HasClient())
        return FirstUser();
    Oid role =
        IsPoolSession() ? GetCurrentRoleId() : InvalidOid;    // the role of SET ROLE, and not the owner of a SECURITY DEFINER function that runs
    return OidIsValid(role) ? role : GetSessionUserId();
}

bool IsServersChoice(Oid subject) { return !HasClient() && ActingNow() > 0 && acting_users[0].by_server && acting_users[0].user == subject; }

bool RoleIsGone(Oid role) { return !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)); }

bool IsExempt(Oid subject) {
    if (superuser_arg(subject) && !settings.enforce_superuser)
        return true;
    Oid exempt = get_role_oid("warrant_exempt", true);
    return OidIsValid(exempt) && is_member_of_role_nosuper(subject, exempt);
}

bool AreAllExempt() {
    Oid subject = CurrentSubject();
    ActingUser other;
    return IsExempt(subject) && !FindActorWithout(&other, subject, IsExempt);
}

namespace {

bool IsListed(const Actors* actors, Oid user) {
    for (int i = 0; i < actors->count; i++)
        if (actors->users[i].user == user)
            return true;
    return false;
}

void Add(Actors* actors, const ActingUser& acting) {
    if (IsListed(actors, acting.user))
        return;
    if (actors->count < Actors::most)
        actors->users[actors->count++] = acting;
    else
        actors->users[Actors::most - 1].user = InvalidOid;
}

}    // namespace

// A role that the session itself has taken by SET ROLE is its own choice and need not pass. One that a trigger's code has chosen without a
// security context has to.
void FindActors(Actors* actors, Oid subject, int leaves_out) {
    int count = ActingNow() - leaves_out;
    actors->count = 0;
    actors->by_server = !HasClient();
    for (int i = 0; i < count; i++) {
        const ActingUser& acting = acting_users[i];
        if (acting.passes || !IsLive(acting))
            continue;
        actors->by_server |= acting.by_server;
        bool chosen = acting.user == GetOuterUserId() && HasClient() && (!acting.fired || acting.chosen);
        if (acting.user != subject && !chosen)
            Add(actors, acting);
    }
}

List* RolesOf(Oid subject) {
    List* roles = list_make1_oid(subject);
    ListCell* cell;
    foreach (cell, roles) {
        CatCList* memberships = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(lfirst_oid(cell)));
        for (int i = 0; i < memberships->n_members; i++) {
            Form_pg_auth_members row = Form_pg_auth_members(GETSTRUCT(&memberships->members[i]->tuple));
            roles = list_append_unique_oid(roles, row->roleid);
        }
        ReleaseSysCacheList(memberships);
    }
    return roles;
}

}    // namespace warrant
