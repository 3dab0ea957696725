#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/mutants.hpp"
#include "rules/installation.hpp"
#include "gate/own_tables.hpp"

namespace warrant {

namespace {

int definition_depth = 0;
needs_fmgr_hook_type previous_needs_fmgr_hook = nullptr;
fmgr_hook_type previous_fmgr_hook = nullptr;

// Definition functions are the SECURITY DEFINER functions of our schema; nobody else can create one there.
bool IsDefinitionFunction(Oid function) {
    if (function < FirstNormalObjectId || !IsTransactionState() || IsParallelWorker())
        return false;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    Form_pg_proc row = Form_pg_proc(GETSTRUCT(tuple));
    bool definer = row->prosecdef;
    Oid schema = row->pronamespace;
    ReleaseSysCache(tuple);
    const Installation* own = definer ? FindInstallation() : nullptr;
    return own != nullptr && own->schema == schema;
}

bool NeedsFmgrHook(Oid function) {
    return (previous_needs_fmgr_hook != nullptr && previous_needs_fmgr_hook(function)) || IsDefinitionFunction(function);
}

void OnFunction(FmgrHookEventType event, FmgrInfo* function, Datum* note) {
    if (previous_fmgr_hook != nullptr)
        previous_fmgr_hook(event, function, note);
    // Inside a definition every call counts, so that the end, which may follow an error, needs no look at the catalogues.
    if (event == FHET_START)
        definition_depth += definition_depth > 0 || IsDefinitionFunction(function->fn_oid);
    else if (definition_depth > 0)
        definition_depth--;
}

}    // namespace

bool InsideDefinition() { return definition_depth > 0; }

void RefuseOwn(const char* name) {
    ereport(ERROR, (errcode(error_refused), errmsg("\"%s.%s\" belongs to the gate", schema_name, name),
                    errdetail("Only its own functions and workers change it."),
                    errhint("Use the functions of schema \"%s\".", schema_name)));
}

void CheckOwnRelation(Oid relation) {
    if (InsideDefinition() || Mutant("own_tables") || !IsOwnRelation(relation))
        return;
    RefuseOwn(get_rel_name(relation));
}

void InstallOwnTables() {
    previous_needs_fmgr_hook = needs_fmgr_hook;
    needs_fmgr_hook = NeedsFmgrHook;
    previous_fmgr_hook = fmgr_hook;
    fmgr_hook = OnFunction;
}

}    // namespace warrant
