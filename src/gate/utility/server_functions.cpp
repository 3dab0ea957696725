#include "pg/server.hpp"

#include "rules/presence.hpp"
#include "statement/start.hpp"
#include "gate/access/access.hpp"
#include "gate/check/check.hpp"
#include "gate/utility/server_functions.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Libraries whose functions read pages or files themselves.
const char* const libraries[] = {"adminpack", "pageinspect", "pg_surgery", "pg_walinspect"};

bool IsOfLibrary(const char* path, const char* library) {
    const char* slash = strrchr(path, '/');
    const char* name = slash == nullptr ? path : slash + 1;
    return strncmp(name, library, strlen(library)) == 0 && (name[strlen(library)] == '\0' || name[strlen(library)] == '.');
}

bool IsOfSuchLibrary(const char* path) {
    for (const char* library : libraries)
        if (IsOfLibrary(path, library))
            return true;
    return false;
}

// Whether the function is one in C and test(path of its library) holds.
template <class Test>
bool IsLibraryFunction(Oid function, Test test) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool found = false;
    if (Form_pg_proc(GETSTRUCT(tuple))->prolang == ClanguageId) {
        bool null;
        Datum path = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &null);
        found = !null && test(TextDatumGetCString(path));
    }
    ReleaseSysCache(tuple);
    return found;
}

}    // namespace

bool IsServerFunction(Oid function) {
    switch (function) {
        case F_LO_IMPORT_TEXT:
        case F_LO_IMPORT_TEXT_OID:
        case F_LO_EXPORT:
        case F_PG_STAT_FILE_TEXT:
        case F_PG_STAT_FILE_TEXT_BOOL:
        case F_PG_LS_DIR_TEXT:
        case F_PG_LS_DIR_TEXT_BOOL_BOOL:
        case F_PG_READ_FILE_TEXT:
        case F_PG_READ_FILE_TEXT_INT8_INT8:
        case F_PG_READ_FILE_TEXT_INT8_INT8_BOOL:
        case F_PG_READ_BINARY_FILE_TEXT:
        case F_PG_READ_BINARY_FILE_TEXT_INT8_INT8:
        case F_PG_READ_BINARY_FILE_TEXT_INT8_INT8_BOOL:
        case F_PG_LOGICAL_SLOT_GET_CHANGES:
        case F_PG_LOGICAL_SLOT_GET_BINARY_CHANGES:
        case F_PG_LOGICAL_SLOT_PEEK_CHANGES:
        case F_PG_LOGICAL_SLOT_PEEK_BINARY_CHANGES:
#ifdef F_PG_READ_FILE_TEXT_BOOL
        case F_PG_READ_FILE_TEXT_BOOL:
        case F_PG_READ_BINARY_FILE_TEXT_BOOL:
#endif
#ifdef F_PG_READ_FILE_OLD
        case F_PG_READ_FILE_OLD:
#endif
// Functions that write what ANALYZE would have sampled; 18 brought them.
#ifdef F_PG_RESTORE_RELATION_STATS
        case F_PG_RESTORE_RELATION_STATS:
        case F_PG_RESTORE_ATTRIBUTE_STATS:
        case F_PG_CLEAR_RELATION_STATS:
        case F_PG_CLEAR_ATTRIBUTE_STATS:
#endif
#ifdef F_PG_RESTORE_EXTENDED_STATS
        case F_PG_RESTORE_EXTENDED_STATS:
        case F_PG_CLEAR_EXTENDED_STATS:
#endif
            return true;
        default: return false;
    }
}

bool ReadsServerFiles(Oid handler) {
    return IsLibraryFunction(handler, [](const char* path) { return IsOfLibrary(path, "file_fdw"); });
}

void CheckExecuted(Oid function) {
    if (!GateIsPresent() || (function >= FirstNormalObjectId && !IsLibraryFunction(function, IsOfSuchLibrary)))
        return;
    AccessList list = {};
    NeedAdmin(&list);
    CheckAccesses(StartingQuery(), &list);
}

}    // namespace warrant
