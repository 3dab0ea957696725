// Commands on roles. Guarded are the roles of the gate, those of pg_warrant.admin_roles and pool_roles, and roles that a policy or a live grant of
// some database names. So is every role from which one of these can be reached by membership. Of roles that policies of approval or denial are about
// only who is a member is guarded: a new password gives nobody more than that role's own approvals. While some database has the extension, roles that
// lead round the gate are guarded as well.
#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/subject.hpp"
#include "queue/guards.hpp"
#include "gate/defence/cluster.hpp"

namespace warrant {

namespace {

const char* const own_roles[] = {"warrant_admin", "warrant_approver", "warrant_auditor", "warrant_exempt"};

// Predefined roles whose members do what no gate sees. The others do nothing of the kind. pg_monitor and its parts show statistics and settings. The
// signalling ones end what would fail closed. CHECKPOINT and reserved connections touch no row. What pg_maintain and pg_create_subscription allow is
// checked statement by statement. Nobody can be granted pg_database_owner.
const Oid leading_around[] = {
    // A program may connect as anybody whom the server takes the operating system's user for.
    ROLE_PG_EXECUTE_SERVER_PROGRAM,
    // Code may be written where the server loads it, and anything into its configuration.
    ROLE_PG_WRITE_SERVER_FILES,
    // The files of tables, and keys, can be read.
    ROLE_PG_READ_SERVER_FILES,
    // The MD5 hashes in pg_authid let one log in as an approver, from any database. The gate's own log can be read, too.
    ROLE_PG_READ_ALL_DATA,
    // Any sequence may be set, which nothing checks; an extension of 0.3.0 numbers policies and requests by its own.
    ROLE_PG_WRITE_ALL_DATA,
};

struct Search {
    // The first guarded role.
    const char* found;
    // The role that leads round the gate, when that is why a role is guarded.
    const char* around;
    // Whether a role is guarded depends on what recorders have told.
    bool asked;
    // The role counts as guarded only because there are too many to tell apart.
    bool untold;
};

bool IsReserved(const char* name) {
    for (const char* own : own_roles)
        if (strcmp(own, name) == 0)
            return true;
    return IsListed(settings.admin_roles, name) || IsListed(settings.pool_roles, name);
}

bool ReachesReserved(const List* roles) {
    ListCell* cell;
    foreach (cell, roles) {
        const char* name = GetUserNameFromId(lfirst_oid(cell), true);
        if (name != nullptr && IsReserved(name))
            return true;
    }
    return false;
}

bool LeadsAround(Oid role) {
    for (Oid known : leading_around)
        if (role == known)
            return true;
    // Whether it is a superuser, as the server asks, and not whether it can become one.
    return superuser_arg(role);
}

// The first of the roles that leads round the gate; nullptr where none does, or there is no gate.
const char* FindAround(const List* roles) {
    ListCell* cell;
    foreach (cell, roles)
        if (LeadsAround(lfirst_oid(cell)) && AnyGate())
            return GetUserNameFromId(lfirst_oid(cell), true);
    return nullptr;
}

// A role that is dropped leads nobody round the gate any more.
void LookAt(Search* search, Oid role, Guarding what = Guarding::Wholly, bool dropped = false) {
    if (!OidIsValid(role) || search->found != nullptr)
        return;
    List* reached = RolesOf(role);
    search->asked = true;
    bool reserved = ReachesReserved(reached);
    if (!reserved && !dropped)
        search->around = FindAround(reached);
    if (reserved || search->around != nullptr || AreGuarded(reached, what))
        search->found = GetUserNameFromId(role, true);
    search->untold = !reserved && search->found != nullptr && AllAreGuarded(what);
}

void LookAtName(Search* search, const char* name, Guarding what = Guarding::Wholly) {
    // A reserved role may not exist yet.
    if (search->found == nullptr && IsReserved(name))
        search->found = name;
    LookAt(search, get_role_oid(name, true), what);
}

// The OID of a role; InvalidOid for PUBLIC, and for a role that does not exist, which the server itself tells in its error.
Oid RoleOf(const RoleSpec* role) { return role->roletype == ROLESPEC_PUBLIC ? InvalidOid : get_rolespec_oid(role, true); }

void LookAtAll(Search* search, const List* roles) {
    ListCell* cell;
    foreach (cell, roles)
        LookAt(search, RoleOf(lfirst_node(RoleSpec, cell)), Guarding::Membership);
}

bool HasMembers(Oid role) {
    CatCList* memberships = SearchSysCacheList1(AUTHMEMROLEMEM, ObjectIdGetDatum(role));
    bool has = false;
    for (int i = 0; i < memberships->n_members && !has; i++)
        has = !OnlyAdministers(Form_pg_auth_members(GETSTRUCT(&memberships->members[i]->tuple)));
    ReleaseSysCacheList(memberships);
    return has;
}

// Who is a member of something through a role that is dropped is a member no more; a dropped role without members takes nobody with it.
void LookAtDropped(Search* search, const List* roles) {
    ListCell* cell;
    foreach (cell, roles) {
        Oid role = RoleOf(lfirst_node(RoleSpec, cell));
        LookAt(search, role, OidIsValid(role) && HasMembers(role) ? Guarding::Membership : Guarding::Wholly, true);
        if (OidIsValid(role) && search->found == nullptr && AreGuarded(list_make1_oid(role), Guarding::Membership))
            search->found = GetUserNameFromId(role, true);
    }
}

// Looks at the roles that are made members of something: the gate's own roles are members of nothing that others can give them.
void LookAtMembers(Search* search, const List* members) {
    ListCell* cell;
    foreach (cell, members) {
        const RoleSpec* member = lfirst_node(RoleSpec, cell);
        if (search->found == nullptr && member->roletype == ROLESPEC_CSTRING && IsReserved(member->rolename))
            search->found = member->rolename;
    }
}

void LookAtOptions(Search* search, const List* options) {
    ListCell* cell;
    foreach (cell, options) {
        const DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, "addroleto") == 0)
            LookAtAll(search, castNode(List, option->arg));
        else if (strcmp(option->defname, "rolemembers") == 0 || strcmp(option->defname, "adminmembers") == 0)
            LookAtMembers(search, castNode(List, option->arg));
    }
}

void LookAtGrant(Search* search, const GrantRoleStmt* grant) {
    ListCell* cell;
    foreach (cell, grant->granted_roles) {
        const AccessPriv* role = lfirst_node(AccessPriv, cell);
        if (role->priv_name != nullptr)
            LookAtName(search, role->priv_name, Guarding::Membership);
    }
    LookAtMembers(search, grant->grantee_roles);
}

void LookAtReserved(Search* search, const List* roles) {
    ListCell* cell;
    foreach (cell, roles) {
        Oid role = RoleOf(lfirst_node(RoleSpec, cell));
        const char* name = OidIsValid(role) ? GetUserNameFromId(role, true) : nullptr;
        if (search->found == nullptr && name != nullptr && IsReserved(name))
            search->found = name;
    }
}

// Whether the session changes only its own role's password or settings, by its own statement: code that somebody else left for the session must not.
bool ConcernsOnlyHimself(const RoleSpec* role, bool top_level) {
    return top_level && role != nullptr && RoleOf(role) == GetSessionUserId() && GetUserId() == GetSessionUserId();
}

bool IsOnlyPassword(const List* options) {
    ListCell* cell;
    foreach (cell, options)
        if (strcmp(lfirst_node(DefElem, cell)->defname, "password") != 0)
            return false;
    return true;
}

// Whether the options change members, as those of ALTER GROUP do.
bool ChangesMembers(const List* options) {
    ListCell* cell;
    foreach (cell, options)
        if (strcmp(lfirst_node(DefElem, cell)->defname, "rolemembers") == 0)
            return true;
    return false;
}

void LookAtAlter(Search* search, const AlterRoleStmt* alter, bool top_level) {
    if (ConcernsOnlyHimself(alter->role, top_level) && IsOnlyPassword(alter->options))
        return;
    LookAt(search, RoleOf(alter->role), ChangesMembers(alter->options) ? Guarding::Membership : Guarding::Wholly);
    LookAtOptions(search, alter->options);
}

void LookAtCommand(Search* search, Node* utility, bool top_level) {
    switch (nodeTag(utility)) {
        case T_GrantRoleStmt: LookAtGrant(search, reinterpret_cast<GrantRoleStmt*>(utility)); break;
        case T_CreateRoleStmt: {
            const CreateRoleStmt* create = reinterpret_cast<CreateRoleStmt*>(utility);
            LookAtName(search, create->role);
            LookAtOptions(search, create->options);
            break;
        }
        case T_AlterRoleStmt: LookAtAlter(search, reinterpret_cast<AlterRoleStmt*>(utility), top_level); break;
        case T_AlterRoleSetStmt: {
            const RoleSpec* role = reinterpret_cast<AlterRoleSetStmt*>(utility)->role;
            if (role != nullptr && !ConcernsOnlyHimself(role, top_level))
                LookAt(search, RoleOf(role));
            break;
        }
        case T_RenameStmt:
            LookAtName(search, reinterpret_cast<RenameStmt*>(utility)->subname);
            if (search->found == nullptr && IsReserved(reinterpret_cast<RenameStmt*>(utility)->newname))
                search->found = reinterpret_cast<RenameStmt*>(utility)->newname;
            break;
        case T_DropRoleStmt: LookAtDropped(search, reinterpret_cast<DropRoleStmt*>(utility)->roles); break;
        case T_DropOwnedStmt: LookAtReserved(search, reinterpret_cast<DropOwnedStmt*>(utility)->roles); break;
        case T_ReassignOwnedStmt:
            LookAtReserved(search, reinterpret_cast<ReassignOwnedStmt*>(utility)->roles);
            // A database's owner is a member without a grant.
            LookAt(search, ROLE_PG_DATABASE_OWNER, Guarding::Membership);
            break;
        case T_AlterOwnerStmt: LookAt(search, ROLE_PG_DATABASE_OWNER, Guarding::Membership); break;
        default: break;
    }
}

void AppendRoles(StringInfo words, const char* before, const List* roles) {
    ListCell* cell;
    foreach (cell, roles) {
        const RoleSpec* role = lfirst_node(RoleSpec, cell);
        Oid oid = role->roletype == ROLESPEC_CSTRING ? InvalidOid : RoleOf(role);
        const char* name = role->roletype == ROLESPEC_CSTRING ? role->rolename : OidIsValid(oid) ? GetUserNameFromId(oid, true) : nullptr;
        appendStringInfo(words, "%s%s", cell == list_head(roles) ? before : ", ", name == nullptr ? "PUBLIC" : Quoted(name));
    }
}

void AppendGranted(StringInfo words, const GrantRoleStmt* grant) {
    ListCell* cell;
    foreach (cell, grant->granted_roles) {
        const char* name = lfirst_node(AccessPriv, cell)->priv_name;
        appendStringInfo(words, "%s%s", cell == list_head(grant->granted_roles) ? " " : ", ", name == nullptr ? "" : Quoted(name));
    }
    AppendRoles(words, grant->is_grant ? " TO " : " FROM ", grant->grantee_roles);
}

struct Option {
    const char* name;
    const char* words;
    bool of_roles;
};

// clang-format off
const Option options_known[] = {
    {"addroleto", "IN ROLE", true},     {"rolemembers", "ROLE", true},      {"adminmembers", "ADMIN", true},
    {"superuser", "SUPERUSER", false},  {"inherit", "INHERIT", false},      {"createrole", "CREATEROLE", false},
    {"createdb", "CREATEDB", false},    {"canlogin", "LOGIN", false},       {"isreplication", "REPLICATION", false},
    {"bypassrls", "BYPASSRLS", false},
};
// clang-format on

// Appends an option without its value, because one is a password.
void AppendOption(StringInfo words, const DefElem* option) {
    for (const Option& known : options_known) {
        if (strcmp(option->defname, known.name) != 0)
            continue;
        if (known.of_roles)
            AppendRoles(words, psprintf(" %s ", known.words), castNode(List, option->arg));
        else
            appendStringInfo(words, " %s%s", defGetBoolean(const_cast<DefElem*>(option)) ? "" : "NO", known.words);
        return;
    }
    appendStringInfo(words, " %s", asc_toupper(option->defname, strlen(option->defname)));
}

void AppendOptions(StringInfo words, const List* options) {
    ListCell* cell;
    foreach (cell, options)
        AppendOption(words, lfirst_node(DefElem, cell));
}

}    // namespace

Guarded GuardedRolesOf(Node* utility, bool top_level) {
    Search search = {};
    LookAtCommand(&search, utility, top_level);
    const char* detail =
        search.around != nullptr ? psprintf("Members of role \"%s\" can do what the gate does not see.", search.around)
        : search.untold
            ? psprintf("Some database has more than %d roles that policies name or that hold live grants: meanwhile each role counts as one.",
                       most_guarded_roles)
            : "Who may pass the gate, or approve, depends on it.";
    return Guarded{search.found == nullptr ? nullptr : psprintf("role \"%s\"", search.found), detail, Event::RoleChanged, search.asked};
}

void DescribeRoles(StringInfo words, Node* utility) {
    switch (nodeTag(utility)) {
        case T_GrantRoleStmt: AppendGranted(words, reinterpret_cast<GrantRoleStmt*>(utility)); break;
        case T_CreateRoleStmt: {
            const CreateRoleStmt* create = reinterpret_cast<CreateRoleStmt*>(utility);
            appendStringInfo(words, " %s", Quoted(create->role));
            AppendOptions(words, create->options);
            break;
        }
        case T_AlterRoleStmt: {
            const AlterRoleStmt* alter = reinterpret_cast<AlterRoleStmt*>(utility);
            AppendRoles(words, " ", list_make1(alter->role));
            AppendOptions(words, alter->options);
            break;
        }
        case T_RenameStmt: {
            const RenameStmt* rename = reinterpret_cast<RenameStmt*>(utility);
            appendStringInfo(words, " %s RENAME TO %s", Quoted(rename->subname), Quoted(rename->newname));
            break;
        }
        case T_DropRoleStmt: AppendRoles(words, " ", reinterpret_cast<DropRoleStmt*>(utility)->roles); break;
        case T_DropOwnedStmt: AppendRoles(words, " BY ", reinterpret_cast<DropOwnedStmt*>(utility)->roles); break;
        case T_ReassignOwnedStmt: AppendRoles(words, " BY ", reinterpret_cast<ReassignOwnedStmt*>(utility)->roles); break;
        case T_AlterOwnerStmt: {
            const AlterOwnerStmt* alter = reinterpret_cast<AlterOwnerStmt*>(utility);
            appendStringInfo(words, " %s", Quoted(strVal(alter->object)));
            AppendRoles(words, " OWNER TO ", list_make1(alter->newowner));
            break;
        }
        default: break;
    }
}

}    // namespace warrant
