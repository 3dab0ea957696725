#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"
#include "rules/subject.hpp"

namespace warrant {

const Installation* known_installation = nullptr;
bool installation_looked_for = false;
bool extension_created_here = false;

namespace {

Installation installation;

Oid OwnObject(const char* name) {
    Oid object = get_relname_relid(name, installation.schema);
    if (!OidIsValid(object))
        ereport(ERROR,
                (errcode(error_unavailable), errmsg("the gate cannot read its rules"), errdetail("Relation \"%s.%s\" is missing.", schema_name, name),
                 errhint("Restore the extension \"%s\", or drop it.", extension_name)));
    return object;
}

// A schema of that name that is no part of the extension is a user's.
Oid FindInternalSchema(Oid extension) {
    Oid schema = get_namespace_oid(internal_schema_name, true);
    return OidIsValid(schema) && getExtensionOfObject(NamespaceRelationId, schema) == extension ? schema : InvalidOid;
}

// Whether the current transaction has dropped the extension, and perhaps created it again, which counts only from its commit on; its tables can be
// read no more.
bool IsBeingDropped(Oid committed) { return get_extension_oid(extension_name, true) != committed; }

// Exempt subjects go on; for others nothing can be decided.
const Installation* WhileBeingDropped() {
    installation = {};
    return AreAllExempt() ? nullptr : &installation;
}

void TellWhatIsAwaited(void*) { errcontext("waiting for a transaction that drops the extension \"%s\"", extension_name); }

// What HoldExtension has found last.
Oid held = InvalidOid;

void LockExtension(Oid extension) {
    ErrorContextCallback context = {error_context_stack, TellWhatIsAwaited, nullptr};
    error_context_stack = &context;
    LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
    error_context_stack = context.previous;
}

}    // namespace

const Installation* LookForInstallation() {
    ListenForInvalidations();    // what changes from here on is heard
    installation_looked_for = false;
    installation_invalid = false;
    Oid committed = CommittedExtension(extension_name);
    bool installed = OidIsValid(committed);
    if (installed && IsBeingDropped(committed))
        return WhileBeingDropped();
    if (installed) {
        installation.schema = get_namespace_oid(schema_name, true);
        installation.internal_schema = FindInternalSchema(committed);
        installation.policies = OwnObject("policies");
        installation.policies_by_target = OwnObject("policies_by_target");
        installation.policies_by_name = OwnObject("policies_by_name");
        installation.grant_scopes = OwnObject("grant_scopes");
        bool by_target = OidIsValid(get_relname_relid("grant_scopes_by_target", installation.schema));    // the script of 0.3.0 has the other
        installation.grant_scopes_by_grantee = OwnObject(by_target ? "grant_scopes_by_target" : "grant_scopes_by_grantee");
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
    if (!OidIsValid(own->schema))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot decide in a transaction that drops it"),
                        errdetail("The extension \"%s\" counts until the drop is committed, and its rules can be read no more.", extension_name),
                        errhint("End the transaction first.")));
    return own;
}

bool IsCreatedHere() { return extension_created_here && OidIsValid(get_extension_oid(extension_name, true)); }

// The extension that this transaction has created comes first: by committed state another one may be there, which this transaction has dropped.
Oid OwnSchema() {
    if (IsCreatedHere())
        return get_namespace_oid(schema_name, true);
    const Installation* own = FindInstallation();
    return own == nullptr ? InvalidOid : own->schema;
}

bool IsOwnSchema(Oid schema) {
    Oid own = OwnSchema();
    if (!OidIsValid(own) || !OidIsValid(schema))
        return false;
    return schema == own ||
           schema == (IsCreatedHere() ? FindInternalSchema(get_extension_oid(extension_name, true)) : FindInstallation()->internal_schema);
}

const char* InternalSchema() {
    const Installation* own = FindInstallation();
    return own != nullptr && OidIsValid(own->internal_schema) ? internal_schema_name : schema_name;
}

// The extension held last is locked even when another is found. Its end may be visible before the caches hear of it, and they hear of it before its
// lock goes. So who has the lock and has heard of nothing need not look, which takes 13,000 instructions.
void HoldExtension() {
    constexpr int most_turns = 10;    // each after another transaction has dropped or created it
    static uint32_t looked_in = 0;
    ListenForInvalidations();
    for (int turn = 0; turn < most_turns; turn++) {
        if (OidIsValid(held))
            LockExtension(held);
        if (OidIsValid(held) && looked_in == installation_generation)
            return;
        uint32_t looking_in = installation_generation;    // before the snapshot: what is heard meanwhile moves it
        Oid found = get_extension_oid(extension_name, true);
        looked_in = looking_in;
        if (found == held)
            return;
        held = found;
    }
}

Oid HeldExtension() { return held; }

bool IsOwnRelation(Oid relation) { return OidIsValid(OwnSchema()) && IsOwnSchema(get_rel_namespace(relation)); }

}    // namespace warrant
