#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"

namespace warrant {

const Installation* known_installation = nullptr;
bool installation_looked_for = false;

namespace {

Installation installation;

Oid OwnObject(const char* name) {
    Oid object = get_relname_relid(name, installation.schema);
    if (!OidIsValid(object))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot read its rules"),
                        errdetail("Relation \"%s.%s\" is missing.", schema_name, name),
                        errhint("Restore the extension \"%s\", or drop it.", extension_name)));
    return object;
}

}    // namespace

const Installation* LookForInstallation() {
    ListenForInvalidations();    // what changes from here on is heard
    installation_looked_for = false;
    installation_invalid = false;
    bool installed = ExtensionIsCommitted(extension_name);
    if (installed) {
        installation.schema = get_namespace_oid(schema_name, true);
        installation.policies = OwnObject("policies");
        installation.policies_by_target = OwnObject("policies_by_target");
        installation.policies_by_name = OwnObject("policies_by_name");
        installation.grant_scopes = OwnObject("grant_scopes");
        installation.grant_scopes_by_grantee = OwnObject("grant_scopes_by_grantee");
        installation.policy_epoch = OwnObject("policy_epoch");
        installation.grant_epoch = OwnObject("grant_epoch");
    }
    known_installation = installed ? &installation : nullptr;
    installation_looked_for = true;
    return known_installation;
}

const Installation* RequireInstallation() {
    const Installation* own = FindInstallation();
    if (own == nullptr)
        ereport(ERROR, (errcode(error_unavailable), errmsg("the extension \"%s\" is not there", extension_name),
                        errdetail("It is being created or dropped, or missing where \"pg_warrant.required_databases\" wants it."),
                        errhint("Run the statement again, or have a superuser create the extension.")));
    return own;
}

bool IsOwnRelation(Oid relation) {
    const Installation* own = FindInstallation();
    return own != nullptr && get_rel_namespace(relation) == own->schema;
}

}    // namespace warrant
