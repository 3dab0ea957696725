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

void RefuseOwn(const char* name) {
    ereport(ERROR, (errcode(error_refused), errmsg("\"%s.%s\" belongs to the gate", schema_name, name),
                    errdetail("Only its own functions and workers change it."),
                    errhint("Use the functions of schema \"%s\".", schema_name)));
}

// Our relations cannot be renamed, so a name that does not lead to one now cannot come to lead to one.
void CheckName(const RangeVar* name) {
    if (name == nullptr)
        return;
    Oid relation = RangeVarGetRelid(name, NoLock, true);
    if (OidIsValid(relation))
        CheckOwnRelation(relation);
}

void CheckNames(List* names) {
    ListCell* cell;
    foreach (cell, names)
        CheckName(lfirst_node(RangeVar, cell));
}

template <class Statement, RangeVar* Statement::*relation>
void CheckRelation(Node* node) {
    CheckName(reinterpret_cast<Statement*>(node)->*relation);
}

void CheckLock(Node* node) { CheckNames(reinterpret_cast<LockStmt*>(node)->relations); }

void CheckTruncate(Node* node) { CheckNames(reinterpret_cast<TruncateStmt*>(node)->relations); }

void CheckVacuum(Node* node) {
    ListCell* cell;
    foreach (cell, reinterpret_cast<VacuumStmt*>(node)->rels) {
        VacuumStmt* vacuum = reinterpret_cast<VacuumStmt*>(node);
        ListCell* option;
        foreach (option, vacuum->options)
            if (strcmp(lfirst_node(DefElem, option)->defname, "full") == 0)
                CheckName(lfirst_node(VacuumRelation, cell)->relation);
    }
}

// Objects of a relation (triggers, rules, row policies) are named by the relation's name and their own.
void CheckDrop(Node* node) {
    DropStmt* drop = reinterpret_cast<DropStmt*>(node);
    ListCell* cell;
    switch (drop->removeType) {
        case OBJECT_TRIGGER:
        case OBJECT_RULE:
        case OBJECT_POLICY:
            foreach (cell, drop->objects) {
                List* names = lfirst_node(List, cell);
                if (list_length(names) > 1)
                    CheckName(makeRangeVarFromNameList(list_truncate(list_copy(names), list_length(names) - 1)));
            }
            break;
        case OBJECT_TABLE:
        case OBJECT_INDEX:
        case OBJECT_VIEW:
        case OBJECT_SEQUENCE:
            foreach (cell, drop->objects)
                CheckName(makeRangeVarFromNameList(lfirst_node(List, cell)));
            break;
        default: break;
    }
}

void CheckForeignKeys(Node* node) {
    ListCell* cell;
    foreach (cell, reinterpret_cast<CreateStmt*>(node)->tableElts) {
        Node* element = static_cast<Node*>(lfirst(cell));
        List* constraints = IsA(element, ColumnDef) ? reinterpret_cast<ColumnDef*>(element)->constraints : list_make1(element);
        ListCell* inner;
        foreach (inner, constraints)
            if (IsA(lfirst(inner), Constraint))
                CheckName(lfirst_node(Constraint, inner)->pktable);
    }
    CheckNames(reinterpret_cast<CreateStmt*>(node)->inhRelations);
}

void CheckAlterTable(Node* node) {
    AlterTableStmt* alter = reinterpret_cast<AlterTableStmt*>(node);
    CheckName(alter->relation);
    ListCell* cell;
    foreach (cell, alter->cmds) {
        Node* definition = lfirst_node(AlterTableCmd, cell)->def;
        if (definition != nullptr && IsA(definition, Constraint))
            CheckName(reinterpret_cast<Constraint*>(definition)->pktable);
        if (definition != nullptr && IsA(definition, RangeVar))
            CheckName(reinterpret_cast<RangeVar*>(definition));
    }
}

void CheckContents(Node* node) {
    AlterExtensionContentsStmt* contents = reinterpret_cast<AlterExtensionContentsStmt*>(node);
    if (strcmp(contents->extname, extension_name) == 0)
        RefuseOwn(extension_name);
}

void CheckCreateIn(Node* node) {
    CreateFunctionStmt* create = reinterpret_cast<CreateFunctionStmt*>(node);
    char* name;
    Oid schema = QualifiedNameGetCreationNamespace(create->funcname, &name);
    if (schema == RequireInstallation()->schema)
        RefuseOwn(name);
}

// Without the schema's name the gate finds none of its rules, and refuses everything.
void CheckRename(Node* node) {
    RenameStmt* rename = reinterpret_cast<RenameStmt*>(node);
    CheckName(rename->relation);
    if (rename->renameType == OBJECT_SCHEMA && strcmp(rename->subname, schema_name) == 0)
        RefuseOwn(rename->newname);
}

void CheckAlterFunction(Node* node) {
    AlterFunctionStmt* alter = reinterpret_cast<AlterFunctionStmt*>(node);
    Oid function = LookupFuncWithArgs(alter->objtype, alter->func, true);
    if (OidIsValid(function) && get_func_namespace(function) == FindInstallation()->schema)
        RefuseOwn(get_func_name(function));
}

struct Check {
    NodeTag tag;
    void (*check)(Node*);
};

const Check checks[] = {
    {T_LockStmt, CheckLock},
    {T_TruncateStmt, CheckTruncate},
    {T_AlterTableStmt, CheckAlterTable},
    {T_CreateStmt, CheckForeignKeys},
    {T_DropStmt, CheckDrop},
    {T_IndexStmt, CheckRelation<IndexStmt, &IndexStmt::relation>},
    {T_CreateTrigStmt, CheckRelation<CreateTrigStmt, &CreateTrigStmt::relation>},
    {T_RuleStmt, CheckRelation<RuleStmt, &RuleStmt::relation>},
    {T_CreatePolicyStmt, CheckRelation<CreatePolicyStmt, &CreatePolicyStmt::table>},
    {T_AlterPolicyStmt, CheckRelation<AlterPolicyStmt, &AlterPolicyStmt::table>},
    {T_RenameStmt, CheckRename},
    {T_AlterSeqStmt, CheckRelation<AlterSeqStmt, &AlterSeqStmt::sequence>},
    {T_AlterFunctionStmt, CheckAlterFunction},
    {T_AlterObjectSchemaStmt, CheckRelation<AlterObjectSchemaStmt, &AlterObjectSchemaStmt::relation>},
    {T_AlterObjectDependsStmt, CheckRelation<AlterObjectDependsStmt, &AlterObjectDependsStmt::relation>},
    {T_ClusterStmt, CheckRelation<ClusterStmt, &ClusterStmt::relation>},
    {T_ReindexStmt, CheckRelation<ReindexStmt, &ReindexStmt::relation>},
    {T_VacuumStmt, CheckVacuum},
    {T_AlterExtensionContentsStmt, CheckContents},
    {T_CreateFunctionStmt, CheckCreateIn},
};

}    // namespace

bool InsideDefinition() { return definition_depth > 0; }

void CheckOwnRelation(Oid relation) {
    if (InsideDefinition() || Mutant("own_tables") || !IsOwnRelation(relation))
        return;
    RefuseOwn(get_rel_name(relation));
}

void CheckOwnNames(Node* utility) {
    for (const Check& check : checks)
        if (check.tag == nodeTag(utility)) {
            check.check(utility);
            return;
        }
}

void InstallOwnTables() {
    previous_needs_fmgr_hook = needs_fmgr_hook;
    needs_fmgr_hook = NeedsFmgrHook;
    previous_fmgr_hook = fmgr_hook;
    fmgr_hook = OnFunction;
}

}    // namespace warrant
