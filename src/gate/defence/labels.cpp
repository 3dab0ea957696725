#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/extension.hpp"
#include "rules/installation.hpp"
#include "rules/labels.hpp"
#include "gate/defence/labels.hpp"

namespace warrant {

namespace {

void RequireRelationAsWhole(const ObjectAddress* object) {
    if (object->classId == RelationRelationId && object->objectSubId != 0)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a label of %s is for a whole relation, not for a column", label_provider)));
    if (object->classId != RelationRelationId)
        ereport(ERROR, (errcode(error_wrong_kind), errmsg("a label of %s is for a relation", label_provider),
                        errdetail("Tables, partitioned and foreign tables, views and materialized views can have one."),
                        errhint("SECURITY LABEL FOR names another provider.")));
}

// As the functions that define something ask for the privilege to execute them. The server has seen that the user owns the relation.
void RequireAdministrator() {
    Oid admin = get_role_oid("warrant_admin", true);
    if (!superuser() && !(OidIsValid(admin) && has_privs_of_role(GetUserId(), admin)))
        ereport(ERROR, (errcode(error_refused), errmsg("permission denied to change a label of %s", label_provider),
                        errdetail("Policies can be on it: it is for members of \"warrant_admin\", who own the relation.")));
}

// A function of ours that notes something of labels; InvalidOid under the script of an older release, where a schema of that name is a user's.
template <int count>
Oid NotingFunction(const char* name, const Oid (&arguments)[count]) {
    Oid schema = get_namespace_oid(internal_schema_name, true);
    if (!IsOwnSchema(schema))
        return InvalidOid;
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name), PointerGetDatum(buildoidvector(arguments, count)),
                           ObjectIdGetDatum(schema));
}

// A label without the extension, as in a dump that comes before it, governs nothing yet.
void Note(Oid relation, const char* label) {
    if (!OidIsValid(get_extension_oid(extension_name, true)))
        return;
    Oid function = NotingFunction("note_label", {OIDOID, TEXTOID});
    if (!OidIsValid(function))
        ereport(ERROR, (errcode(error_unavailable), errmsg("the extension \"%s\" knows no labels yet", extension_name),
                        errhint("Run ALTER EXTENSION %s UPDATE.", extension_name)));
    OidFunctionCall2(function, ObjectIdGetDatum(relation), CStringGetTextDatum(label));
}

void OnLabel(const ObjectAddress* object, const char* label) {
    if (!IsPostmasterEnvironment || IsBinaryUpgrade)
        return;
    RequireRelationAsWhole(object);
    RequireAdministrator();
    if (label != nullptr && label[0] == '\0')
        ereport(ERROR, (errcode(error_bad_argument), errmsg("a label must not be empty"), errhint("IS NULL takes it away.")));
    Note(object->objectId, label == nullptr ? "" : label);
    CacheInvalidateRelcacheByRelid(object->objectId);    // the server's own caches do not depend on labels, and it would send nothing
}

}    // namespace

void NoteDroppedLabel(Oid relation) {
    if (LabelOf(relation, Rows::OfTransaction) == nullptr || !OidIsValid(get_extension_oid(extension_name, true)))
        return;
    Oid function = NotingFunction("note_dropped_label", {OIDOID});
    if (OidIsValid(function))
        OidFunctionCall1(function, ObjectIdGetDatum(relation));
}

void RegisterLabels() { register_label_provider(label_provider, OnLabel); }

}    // namespace warrant
