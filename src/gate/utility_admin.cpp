// What reaches rows, or code, beside the gate: DESIGN.md section 7 makes it ADMIN in a database with protected objects.
#include "pg/server.hpp"

#include "gate/executed.hpp"
#include "gate/gate.hpp"
#include "gate/utility.hpp"

namespace warrant {

namespace {

// Whether the caller may name a file or a program there, or the command fails by itself.
bool MayCopy(const CopyStmt* copy) {
    Oid role = copy->is_program ? ROLE_PG_EXECUTE_SERVER_PROGRAM : copy->is_from ? ROLE_PG_READ_SERVER_FILES : ROLE_PG_WRITE_SERVER_FILES;
    return has_privs_of_role(GetUserId(), role);
}

bool IsUntrusted(const char* language) {
    HeapTuple tuple = SearchSysCache1(LANGNAME, CStringGetDatum(language));
    if (!HeapTupleIsValid(tuple))
        return false;    // the command fails by itself
    bool trusted = Form_pg_language(GETSTRUCT(tuple))->lanpltrusted;
    ReleaseSysCache(tuple);
    return !trusted;
}

// A schema's tables, and all tables, are published with those that are protected later.
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

void NeedOfAdmin(Node*, AccessList* list) { NeedAdmin(list); }

// A file of the server, or a program that it runs.
void NeedOfCopy(Node* node, AccessList* list) {
    if (reinterpret_cast<CopyStmt*>(node)->filename != nullptr && MayCopy(reinterpret_cast<CopyStmt*>(node)))
        NeedAdmin(list);
}

// The same by a foreign table: the options of file_fdw name one.
void NeedOfFiles(Oid server, AccessList* list) {
    Oid handler = OidIsValid(server) ? GetForeignDataWrapper(GetForeignServer(server)->fdwid)->fdwhandler : InvalidOid;
    bool may = has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM) || has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES);
    if (OidIsValid(handler) && may && ReadsServerFiles(handler))
        NeedAdmin(list);
}

void NeedOfPublication(Node* node, AccessList* list) {
    bool all, adds = true;
    List* objects;
    if (IsA(node, CreatePublicationStmt)) {
        all = reinterpret_cast<CreatePublicationStmt*>(node)->for_all_tables;
        objects = reinterpret_cast<CreatePublicationStmt*>(node)->pubobjects;
    } else if (IsA(node, AlterPublicationStmt)) {
        all = reinterpret_cast<AlterPublicationStmt*>(node)->for_all_tables;
        objects = reinterpret_cast<AlterPublicationStmt*>(node)->pubobjects;
        adds = reinterpret_cast<AlterPublicationStmt*>(node)->action != AP_DropObjects;
    } else {
        return;    // its name or its owner alone
    }
    if (all || (adds && PublishesProtected(objects)))
        NeedAdmin(list);
}

void NeedOfLanguage(List* options, AccessList* list) {
    ListCell* cell;
    foreach (cell, options) {
        DefElem* option = lfirst_node(DefElem, cell);
        // Others cannot use it. Whoever may run an extension's script was trusted with the code that it brings.
        if (strcmp(option->defname, "language") == 0 && superuser() && !creating_extension && IsUntrusted(strVal(option->arg)))
            NeedAdmin(list);
    }
}

void NeedOfDo(Node* node, AccessList* list) { NeedOfLanguage(reinterpret_cast<DoStmt*>(node)->args, list); }

}    // namespace warrant
