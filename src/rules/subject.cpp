#include "pg/server.hpp"

#include "pg/mutants.hpp"
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

Oid CurrentSubject() {
    bool client = MyProcPort != nullptr || IsParallelWorker() || !IsUnderPostmaster;
    if (!client || Mutant("session_user"))
        return GetUserId();
    Oid role = IsPoolSession() ? GetCurrentRoleId() : InvalidOid;    // not a definer's, whose function runs
    return OidIsValid(role) ? role : GetSessionUserId();
}

bool RoleIsGone(Oid role) { return !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) && !Mutant("role_is_gone"); }

bool IsExempt(Oid subject) {
    if (superuser_arg(subject) && !settings.enforce_superuser)
        return true;
    Oid exempt = get_role_oid("warrant_exempt", true);
    return OidIsValid(exempt) && is_member_of_role_nosuper(subject, exempt);
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
