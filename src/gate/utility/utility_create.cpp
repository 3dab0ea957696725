// CREATE of what is in a schema or belongs to a relation, with what it reads and changes of others.
#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "rules/installation.hpp"
#include "gate/access/access.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/row_expressions.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Requires REFERENCES as the server does, for the table or for each column that is named.
void RequireReferences(const Constraint* constraint, Oid referenced) {
    if (pg_class_aclcheck(referenced, GetUserId(), ACL_REFERENCES) == ACLCHECK_OK)
        return;
    if (constraint->pk_attrs == NIL)
        RequireAnyOf(referenced, ACL_REFERENCES, constraint->pktable->relname);
    ListCell* cell;
    foreach (cell, constraint->pk_attrs) {
        AttrNumber column = get_attnum(referenced, strVal(lfirst(cell)));
        if (column != InvalidAttrNumber && pg_attribute_aclcheck(referenced, column, GetUserId(), ACL_REFERENCES) != ACLCHECK_OK)
            aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(referenced)), constraint->pktable->relname);
    }
}

// The function that CREATE OR REPLACE would replace.
Oid FunctionToReplace(const CreateFunctionStmt* create, Oid schema, char* name) {
    if (!create->replace)
        return InvalidOid;
    ObjectWithArgs* function = makeNode(ObjectWithArgs);
    function->objname = list_make2(makeString(get_namespace_name(schema)), makeString(name));
    function->objfuncargs = create->parameters;
    ListCell* cell;
    foreach (cell, create->parameters) {
        FunctionParameter* parameter = lfirst_node(FunctionParameter, cell);
        if (parameter->mode != FUNC_PARAM_OUT && parameter->mode != FUNC_PARAM_TABLE)
            function->objargs = lappend(function->objargs, parameter->argType);
    }
    return LookupFuncWithArgs(create->is_procedure ? OBJECT_PROCEDURE : OBJECT_FUNCTION, function, true);
}

}    // namespace

void NeedOfReferenced(AccessList* list, Constraint* constraint, bool creating) {
    if (constraint->contype != CONSTR_FOREIGN || constraint->pktable == nullptr)
        return;
    if (!creating) {
        Oid referenced = Resolve(constraint->pktable, ShareRowExclusiveLock, ACL_REFERENCES, 0);
        RequireReferences(constraint, referenced);
        Need(list, referenced, Command::Alter);
        if (!constraint->skip_validation)
            Need(list, referenced, Command::Select);
        return;
    }
    Oid relation = RangeVarGetRelid(constraint->pktable, NoLock, true);
    if (!OidIsValid(relation))
        return;
    RequireReferences(constraint, relation);
    Need(list, relation, Command::Alter);
}

void NeedOfConstraints(AccessList* list, List* constraints, bool creating) {
    ListCell* cell;
    foreach (cell, constraints)
        if (IsA(lfirst(cell), Constraint))
            NeedOfReferenced(list, lfirst_node(Constraint, cell), creating);
}

void NeedOfDefaultPartition(AccessList* list, Oid parent) {
    Oid other = EvaluatesInPartitions(parent) ? get_default_partition_oid(parent) : InvalidOid;
    if (OidIsValid(other))
        Need(list, other, Command::Select);
}

void NeedOfCallers(Oid function, AccessList* list) {
    // Who does not own the function gets the server's own error.
    if (OidIsValid(function) && OwnsFunction(function, GetUserId()))
        NeedOfEach(list, RelationsThatUse(ProcedureRelationId, function), Command::Alter);
}

// IF NOT EXISTS leaves a relation that is there alone, whoever asks.
static void NeedOfCreateTableAs(Node* node, AccessList* list) {
    CreateTableAsStmt* create = As<CreateTableAsStmt>(node);
    Oid schema = ResolveNew(create->into->rel);
    if (!create->if_not_exists || !OidIsValid(schema) || !OidIsValid(get_relname_relid(create->into->rel->relname, schema)))
        NeedCreate(list, schema);
}

// EXPLAIN ANALYZE creates it; without ANALYZE the server does not ask whether the caller may.
static void NeedOfExplain(Node* node, AccessList* list) {
    Node* explained = ExplainedUtility(As<ExplainStmt>(node));
    if (explained == nullptr || !IsA(explained, CreateTableAsStmt))
        return;
    Oid schema = ResolveNew(As<CreateTableAsStmt>(explained)->into->rel);
    if (OidIsValid(schema) && MayCreateIn(schema, GetUserId()))
        NeedOfCreateTableAs(explained, list);
}

static void NeedOfCreateTable(Node* node, AccessList* list) {
    CreateStmt* create = IsA(node, CreateForeignTableStmt) ? &As<CreateForeignTableStmt>(node)->base : As<CreateStmt>(node);
    NeedCreate(list, ResolveNew(create->relation));
    ListCell* cell;
    foreach (cell, create->inhRelations) {
        Oid parent = Resolve(lfirst_node(RangeVar, cell), create->partbound != nullptr ? AccessExclusiveLock : ShareUpdateExclusiveLock, 0, 0);
        Need(list, parent, Command::Alter);
        if (create->partbound != nullptr)
            NeedOfDefaultPartition(list, parent);
    }
    if (IsA(node, CreateForeignTableStmt))
        NeedOfFiles(get_foreign_server_oid(As<CreateForeignTableStmt>(node)->servername, true), list);
    NeedOfConstraints(list, create->tableElts, true);
    NeedOfConstraints(list, create->constraints, true);
    foreach (cell, create->tableElts)
        if (IsA(lfirst(cell), ColumnDef))
            NeedOfConstraints(list, lfirst_node(ColumnDef, cell)->constraints, true);
}

static void NeedOfCreateIndex(Node* node, AccessList* list) {
    IndexStmt* index = As<IndexStmt>(node);
    Oid relation = Resolve(index->relation, index->concurrent ? ShareUpdateExclusiveLock : ShareLock, 0, 0);
    RequireCreateIn(get_rel_namespace(relation));
    Need(list, relation, Command::Alter);
    if (EvaluatesOverRows(index))
        Need(list, relation, Command::Select);
}

// Where OR REPLACE finds the view: in the schema that a new one would be in.
static void NeedOfCreateView(Node* node, AccessList* list) {
    ViewStmt* create = As<ViewStmt>(node);
    Oid schema = ResolveNew(create->view, true);
    Oid view = OidIsValid(schema) ? get_relname_relid(create->view->relname, schema) : InvalidOid;
    if (!OidIsValid(view))
        NeedCreate(list, schema);
    else if (create->replace && OwnsRelation(view, GetUserId()))
        Need(list, view, Command::Alter);
}

static void NeedOfCreateTrigger(Node* node, AccessList* list) {
    CreateTrigStmt* trigger = As<CreateTrigStmt>(node);
    NeedAlter(list, trigger->relation, ShareRowExclusiveLock, ACL_TRIGGER, false);
    NeedAlter(list, trigger->constrrel, AccessShareLock, ACL_ALL_RIGHTS_RELATION, false);
}

static void NeedOfCreateRule(Node* node, AccessList* list) { NeedAlter(list, As<RuleStmt>(node)->relation, AccessExclusiveLock, 0, false); }

static void NeedOfCreatePolicy(Node* node, AccessList* list) { NeedAlter(list, As<CreatePolicyStmt>(node)->table, AccessExclusiveLock, 0, false); }

// ANALYZE, autovacuum's too, evaluates the expressions of statistics objects.
static void NeedOfCreateStatistics(Node* node, AccessList* list) {
    const CreateStatsStmt* create = As<CreateStatsStmt>(node);
    bool evaluates = false;
    ListCell* cell;
    foreach (cell, create->exprs)
        evaluates = evaluates || lfirst_node(StatsElem, cell)->expr != nullptr;
    foreach (cell, create->relations) {
        if (!IsA(lfirst(cell), RangeVar))
            continue;
        Oid relation = Resolve(lfirst_node(RangeVar, cell), ShareUpdateExclusiveLock, 0, 0);
        Need(list, relation, Command::Alter);
        if (evaluates)
            Need(list, relation, Command::Select);
    }
}

// Functions of the gate's schemas that run as their owner are its definition functions.
static void NeedOfCreateFunction(Node* node, AccessList* list) {
    CreateFunctionStmt* create = As<CreateFunctionStmt>(node);
    char* name;
    Oid schema = QualifiedNameGetCreationNamespace(create->funcname, &name);
    if (IsOwnSchema(schema) && !IsUpdatingItself())
        RefuseOwn(schema, name);
    NeedOfLanguage(create->options, list);
    NeedOfCallers(FunctionToReplace(create, schema, name), list);
}

// clang-format off
const UtilityRow create_rows[] = {
    {"EXPLAIN", "what the explained statement needs", T_ExplainStmt, NeedOfExplain},
    {"CREATE TABLE AS", "CREATE on the schema; SELECT of what it reads, and EXPORT of that when the schema is unprotected", T_CreateTableAsStmt,
     NeedOfCreateTableAs},
    {"SELECT INTO", "as CREATE TABLE AS", T_CreateTableAsStmt, NeedOfCreateTableAs},
    {"CREATE MATERIALIZED VIEW", "as CREATE TABLE AS", T_CreateTableAsStmt, NeedOfCreateTableAs},
    {"CREATE TABLE", "CREATE on the schema; ALTER of parents and of what foreign keys reference", T_CreateStmt, NeedOfCreateTable},
    {"CREATE FOREIGN TABLE", "CREATE on the schema; ALTER of parents", T_CreateForeignTableStmt, NeedOfCreateTable},
    {"CREATE INDEX", "ALTER; SELECT for expressions and predicates", T_IndexStmt, NeedOfCreateIndex},
    {"CREATE VIEW", "CREATE on the schema, or ALTER of a view that it replaces", T_ViewStmt, NeedOfCreateView},
    {"CREATE TRIGGER", "ALTER", T_CreateTrigStmt, NeedOfCreateTrigger},
    {"CREATE RULE", "ALTER", T_RuleStmt, NeedOfCreateRule},
    {"CREATE POLICY", "ALTER", T_CreatePolicyStmt, NeedOfCreatePolicy},
    {"CREATE STATISTICS", "ALTER", T_CreateStatsStmt, NeedOfCreateStatistics},
    {"CREATE FUNCTION", "ADMIN for an untrusted language; ALTER of what calls the function that it replaces", T_CreateFunctionStmt,
     NeedOfCreateFunction},
    {"CREATE PROCEDURE", "ADMIN for an untrusted language; ALTER of what calls the function that it replaces", T_CreateFunctionStmt,
     NeedOfCreateFunction},
    {"CREATE ROUTINE", "ADMIN for an untrusted language; ALTER of what calls the function that it replaces", T_CreateFunctionStmt,
     NeedOfCreateFunction},
    {},
};
// clang-format on

}    // namespace warrant
