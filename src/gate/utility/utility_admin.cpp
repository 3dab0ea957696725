// What reaches rows, or code, beside the gate, which is ADMIN in a database with protected objects.
#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "rules/governing_policies.hpp"
#include "gate/access/access.hpp"
#include "gate/utility/server_functions.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Whether the caller may name a file or a program in a COPY; otherwise the command fails by itself.
bool MayCopy(const CopyStmt* copy) {
    Oid role = copy->is_program ? ROLE_PG_EXECUTE_SERVER_PROGRAM : copy->is_from ? ROLE_PG_READ_SERVER_FILES : ROLE_PG_WRITE_SERVER_FILES;
    return has_privs_of_role(GetUserId(), role);
}

bool IsUntrusted(const char* language) {
    HeapTuple tuple = SearchSysCache1(LANGNAME, CStringGetDatum(language));
    // Without such a language the command fails by itself.
    if (!HeapTupleIsValid(tuple))
        return false;
    bool trusted = Form_pg_language(GETSTRUCT(tuple))->lanpltrusted;
    ReleaseSysCache(tuple);
    return !trusted;
}

void RequireOwner(Oid class_id, Oid object, ObjectType type, const char* name) {
    if (OidIsValid(object) && !OwnsObject(class_id, object, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, type, name);
}

// False when the command fails by itself. Raises the server's error for a caller who does not own what the command alters.
bool MayAdminister(Node* node) {
    switch (nodeTag(node)) {
        case T_CreateEventTrigStmt: return superuser();
        case T_CreateSubscriptionStmt: return MaySubscribe(GetUserId());
        case T_AlterEventTrigStmt: {
            const char* name = reinterpret_cast<AlterEventTrigStmt*>(node)->trigname;
            RequireOwner(EventTriggerRelationId, get_event_trigger_oid(name, true), OBJECT_EVENT_TRIGGER, name);
            return true;
        }
        case T_AlterSubscriptionStmt: {
            const char* name = reinterpret_cast<AlterSubscriptionStmt*>(node)->subname;
            RequireOwner(SubscriptionRelationId, get_subscription_oid(name, true), OBJECT_SUBSCRIPTION, name);
            return true;
        }
        default: return true;
    }
}

// Whether the caller may alter or create the publication, one of all tables as a superuser alone; otherwise the command fails by itself.
bool MayPublish(const char* altered, bool all) {
    if (altered != nullptr)
        RequireOwner(PublicationRelationId, get_publication_oid(altered, true), OBJECT_PUBLICATION, altered);
    else if (!MayCreateInDatabase(GetUserId()))
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_DATABASE, get_database_name(MyDatabaseId));
    return !all || superuser();
}

// Whether protected tables are published: a schema's tables, and all tables, are published with those that are protected later.
bool PublishesProtected(List* objects) {
    ListCell* cell;
    foreach (cell, objects) {
        PublicationObjSpec* object = lfirst_node(PublicationObjSpec, cell);
        if (object->pubobjtype != PUBLICATIONOBJ_TABLE || object->pubtable == nullptr)
            return true;
        Oid relation = Resolve(object->pubtable->relation, ShareUpdateExclusiveLock, 0, RVR_MISSING_OK);
        if (OidIsValid(relation) && IsGoverned(relation))
            return true;
    }
    return false;
}

}    // namespace

static void NeedOfAdmin(Node* node, AccessList* list) {
    if (MayAdminister(node))
        NeedAdmin(list);
}

// COPY with a file of the server, or a program that the server runs, needs ADMIN.
static void NeedOfCopy(Node* node, AccessList* list) {
    if (reinterpret_cast<CopyStmt*>(node)->filename != nullptr && MayCopy(reinterpret_cast<CopyStmt*>(node)))
        NeedAdmin(list);
}

// A foreign table on a server of file_fdw needs ADMIN: its options name a file, or a program that the server runs.
void NeedOfFiles(Oid server, AccessList* list) {
    Oid handler = OidIsValid(server) ? GetForeignDataWrapper(GetForeignServer(server)->fdwid)->fdwhandler : InvalidOid;
    bool may = has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM) || has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES);
    if (OidIsValid(handler) && may && ReadsServerFiles(handler))
        NeedAdmin(list);
}

static void NeedOfPublication(Node* node, AccessList* list) {
    bool all, adds = true;
    List* objects;
    const char* altered = nullptr;
    if (IsA(node, CreatePublicationStmt)) {
        all = reinterpret_cast<CreatePublicationStmt*>(node)->for_all_tables;
        objects = reinterpret_cast<CreatePublicationStmt*>(node)->pubobjects;
    } else if (IsA(node, AlterPublicationStmt)) {
        altered = reinterpret_cast<AlterPublicationStmt*>(node)->pubname;
        all = reinterpret_cast<AlterPublicationStmt*>(node)->for_all_tables;
        objects = reinterpret_cast<AlterPublicationStmt*>(node)->pubobjects;
        adds = reinterpret_cast<AlterPublicationStmt*>(node)->action != AP_DropObjects;
    } else {
        // The other commands change the publication's name or owner alone.
        return;
    }
    if (MayPublish(altered, all) && (all || (adds && PublishesProtected(objects))))
        NeedAdmin(list);
}

void NeedOfLanguage(List* options, AccessList* list) {
    ListCell* cell;
    foreach (cell, options) {
        DefElem* option = lfirst_node(DefElem, cell);
        // Only superusers can use an untrusted language. Whoever may run an extension's script was trusted with the code that it brings.
        if (strcmp(option->defname, "language") == 0 && superuser() && !creating_extension && IsUntrusted(strVal(option->arg)))
            NeedAdmin(list);
    }
}

static void NeedOfDo(Node* node, AccessList* list) { NeedOfLanguage(reinterpret_cast<DoStmt*>(node)->args, list); }

// clang-format off
const UtilityRow admin_rows[] = {
    {"DO", "what the block does; ADMIN for an untrusted language", T_DoStmt, NeedOfDo},
    {"COPY", "SELECT and EXPORT for TO, INSERT for FROM; ADMIN for a file or a program", T_CopyStmt, NeedOfCopy},
    {"COPY FROM", "INSERT; ADMIN for a file or a program", T_CopyStmt, NeedOfCopy},
    {"CREATE PUBLICATION", "ADMIN for protected tables, all tables and those of a schema", T_CreatePublicationStmt, NeedOfPublication},
    {"ALTER PUBLICATION", "ADMIN where it adds such", T_Invalid, NeedOfPublication},
    {"CREATE SUBSCRIPTION", "ADMIN", T_CreateSubscriptionStmt, NeedOfAdmin},
    {"ALTER SUBSCRIPTION", "ADMIN", T_Invalid, NeedOfAdmin},
    {"CREATE EVENT TRIGGER", "ADMIN", T_CreateEventTrigStmt, NeedOfAdmin},
    {"ALTER EVENT TRIGGER", "ADMIN", T_Invalid, NeedOfAdmin},
    {"LOAD", "ADMIN", T_LoadStmt, NeedOfAdmin},
    {},
};
// clang-format on

}    // namespace warrant
