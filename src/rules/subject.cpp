#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "rules/subject.hpp"

namespace warrant {

Oid CurrentSubject() {
    bool client = MyProcPort != nullptr || IsParallelWorker() || !IsUnderPostmaster;
    return client && !Mutant("session_user") ? GetSessionUserId() : GetUserId();
}

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
