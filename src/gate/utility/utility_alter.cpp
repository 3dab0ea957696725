// ALTER in its wide sense: what changes how a relation behaves, on either end; with SELECT where expressions are evaluated over its rows.
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/rights.hpp"
#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "gate/access/access.hpp"
#include "gate/access/created.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/row_expressions.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

// Adds what CASCADE takes with a column or a constraint.
void NeedOfDropped(AccessList* list, Oid relation, const AlterTableCmd* command) {
    if (command->behavior != DROP_CASCADE)
        return;
    if (command->subtype == AT_DropColumn) {
        AttrNumber column = get_attnum(relation, command->name);
        if (column != InvalidAttrNumber)
            NeedOfDependents(RelationRelationId, relation, column, list);
    } else if (command->subtype == AT_DropConstraint) {
        Oid constraint = get_relation_constraint_oid(relation, command->name, true);
        if (OidIsValid(constraint))
            NeedOfDependents(ConstraintRelationId, constraint, 0, list);
    }
}

void NeedOfAttached(AccessList* list, Oid parent, RangeVar* name) {
    Oid partition = Resolve(name, AccessExclusiveLock, 0, 0);
    NoteJoined(parent, partition);
    Need(list, partition, Command::Alter);
    if (EvaluatesInPartitions(parent))
        Need(list, partition, Command::Select);
    NeedOfDefaultPartition(list, parent);
}

// Adds the relation that a subcommand names beside its own.
void NeedOfOtherEnd(AccessList* list, Oid relation, AlterTableCmd* command, bool of_index) {
    switch (command->subtype) {
        case AT_AddInherit:
            NeedAlter(list, As<RangeVar>(command->def), ShareUpdateExclusiveLock, 0, false);
            NoteJoined(relation, RangeVarGetRelid(As<RangeVar>(command->def), NoLock, false));
            break;
        case AT_DropInherit: NeedAlter(list, As<RangeVar>(command->def), AccessShareLock, ACL_ALL_RIGHTS_RELATION, false); break;
        case AT_AttachPartition:
            if (of_index)
                NeedAlter(list, As<PartitionCmd>(command->def)->name, NoLock, 0, false);
            else
                NeedOfAttached(list, relation, As<PartitionCmd>(command->def)->name);
            break;
        case AT_DetachPartition: {
            PartitionCmd* detach = As<PartitionCmd>(command->def);
            NeedAlter(list, detach->name, detach->concurrent ? ShareUpdateExclusiveLock : AccessExclusiveLock, ACL_ALL_RIGHTS_RELATION, false);
            break;
        }
        case AT_DetachPartitionFinalize:
            NeedAlter(list, As<PartitionCmd>(command->def)->name, ShareUpdateExclusiveLock, ACL_ALL_RIGHTS_RELATION, false);
            break;
        case AT_AddConstraint:
            if (IsA(command->def, Constraint))
                NeedOfReferenced(list, As<Constraint>(command->def), false);
            break;
        case AT_AddColumn: NeedOfConstraints(list, castNode(ColumnDef, command->def)->constraints, false); break;
        default: break;
    }
}

// Looks the relation up as the command itself does, whose checks go further than ours.
Oid LookUpAltered(AlterTableStmt* alter) {
    Oid relation = IsLocking() ? InvalidOid : Resolve(alter->relation, NoLock, 0, alter->missing_ok ? RVR_MISSING_OK : 0);
    return IsLocking() ? AlterTableLookupRelation(alter, AlterTableGetLockLevel(alter->cmds)) : relation;
}

// The relation, or what ALTER TYPE ... CASCADE changes: the tables of a type.
List* WithTypedTables(Oid relation) {
    List* relations = list_make1_oid(relation);
    if (get_rel_relkind(relation) == RELKIND_COMPOSITE_TYPE)
        ForEachRelation([&relations, type = get_rel_type_id(relation)](Form_pg_class row) {
            if (row->reloftype == type)
                relations = lappend_oid(relations, row->oid);
        });
    return relations;
}

// Who gives a relation away must be able to become its new owner, who must be able to create it there.
void RequireMayGive(Oid relation, Oid new_owner) {
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    bool changes = HeapTupleIsValid(row) && Form_pg_class(GETSTRUCT(row))->relowner != new_owner;
    if (HeapTupleIsValid(row))
        ReleaseSysCache(row);
    if (!changes || superuser())
        return;
    RequireMayGiveTo(GetUserId(), new_owner);
    if (!MayCreateIn(get_rel_namespace(relation), new_owner))
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, get_namespace_name(get_rel_namespace(relation)));
}

void NeedOfAlterTable(Node* node, AccessList* list) {
    AlterTableStmt* alter = As<AlterTableStmt>(node);
    Oid relation = LookUpAltered(alter);
    if (!OidIsValid(relation))
        return;
    Pin(alter->relation, relation);
    Need(list, relation, Command::Alter);
    ListCell* cell;
    foreach (cell, alter->cmds) {
        AlterTableCmd* command = lfirst_node(AlterTableCmd, cell);
        if (command->subtype == AT_ChangeOwner)
            RequireMayGive(relation, get_rolespec_oid(command->newowner, false));
        if (EvaluatesOverRows(relation, command))
            NeedOfEach(list, WithTypedTables(relation), Command::Select);
        if (command->subtype == AT_GenericOptions && get_rel_relkind(relation) == RELKIND_FOREIGN_TABLE)
            NeedOfFiles(GetForeignTable(relation)->serverid, list);
        NeedOfDropped(list, relation, command);
        NeedOfOtherEnd(list, relation, command, alter->objtype == OBJECT_INDEX);
    }
}

// A column that was made anew loses its policy with its name, as long as the recorder has not noted its number.
void RequireNumbered(Oid relation, const char* column) {
    const GoverningPolicies* policies = FindGoverningPolicies(relation);
    for (int i = 0; i < policies->member_count; i++)
        for (int j = 0; j < policies->members[i].policies.count; j++)
            if (const Policy* policy = policies->members[i].policies.items[j]; CoversByNameAlone(policy, column))
                ereport(ERROR, (errcode(error_wrong_state),
                                errmsg("column \"%s\" of \"%s\" was made anew, and cannot be renamed yet", column, NameStr(policies->relation_name)),
                                errdetail("Policy \"%s\" covers it by its name until the recorder has noted that it is another column.",
                                          Shown(policy->name)),
                                errhint("Commit what has made it, and rename it a moment later.")));
}

void NeedOfRename(Node* node, AccessList* list) {
    RenameStmt* rename = As<RenameStmt>(node);
    NeedAlter(list, rename->relation, rename->renameType == OBJECT_INDEX ? ShareUpdateExclusiveLock : AccessExclusiveLock, 0, rename->missing_ok);
    Oid relation = rename->relation == nullptr ? InvalidOid : RangeVarGetRelid(rename->relation, NoLock, true);
    bool of_column = OidIsValid(relation) && (rename->renameType == OBJECT_COLUMN || rename->renameType == OBJECT_ATTRIBUTE);
    ListCell* cell;
    foreach (cell, of_column && settings.enforcement != int(Enforcement::Monitor) ? WithTypedTables(relation) : NIL)
        RequireNumbered(lfirst_oid(cell), rename->subname);
    switch (OidIsValid(relation) ? rename->renameType : OBJECT_COLUMN) {
        case OBJECT_TABLE:
        case OBJECT_VIEW:
        case OBJECT_MATVIEW:
        case OBJECT_FOREIGN_TABLE:
        case OBJECT_INDEX:
        case OBJECT_SEQUENCE: RequireCreateIn(get_rel_namespace(relation)); break;
        default: break;
    }
}

void NeedOfSetSchema(Node* node, AccessList* list) {
    AlterObjectSchemaStmt* alter = As<AlterObjectSchemaStmt>(node);
    if (alter->relation == nullptr)
        return;
    NeedAlter(list, alter->relation, AccessExclusiveLock, 0, alter->missing_ok);
    Oid schema = get_namespace_oid(alter->newschema, true);
    HoldSchema(alter->newschema, schema);
    NeedCreate(list, schema);
}

void NeedOfDepends(Node* node, AccessList* list) { NeedAlter(list, As<AlterObjectDependsStmt>(node)->relation, AccessExclusiveLock, 0, false); }

void NeedOfAlterPolicy(Node* node, AccessList* list) { NeedAlter(list, As<AlterPolicyStmt>(node)->table, AccessExclusiveLock, 0, false); }

void NeedOfAlterSequence(Node* node, AccessList* list) { NeedAlter(list, As<AlterSeqStmt>(node)->sequence, NoLock, 0, true); }

// The server tells of each relation that it changes.
void LeftToObjectAccess(Node*, AccessList*) {}

// Raises the server's error for who does not own the type. With a type of another kind the command fails by itself.
void RequireOwnerOfType(Oid type, char kind) {
    if (get_typtype(type) == kind && !OwnsObject(TypeRelationId, type, GetUserId()))
        aclcheck_error_type(ACLCHECK_NOT_OWNER, type);
}

// A value's other name shows in every row that has it.
void NeedOfAlterEnum(Node* node, AccessList* list) {
    AlterEnumStmt* alter = As<AlterEnumStmt>(node);
    if (alter->oldVal == nullptr)
        return;
    Oid type = typenameTypeId(nullptr, makeTypeNameFromNameList(alter->typeName));
    RequireOwnerOfType(type, TYPTYPE_ENUM);
    NeedOfEach(list, TablesOfType(type), Command::Alter);
}

// clang-format off
const struct { NodeTag tag; Collector collect; } alterations[] = {
    {T_AlterTableStmt, NeedOfAlterTable},
    {T_RenameStmt, NeedOfRename},
    {T_AlterObjectSchemaStmt, NeedOfSetSchema},
    {T_AlterObjectDependsStmt, NeedOfDepends},
    {T_AlterPolicyStmt, NeedOfAlterPolicy},
    {T_AlterTableMoveAllStmt, LeftToObjectAccess},
    {T_AlterOwnerStmt, LeftToObjectAccess},
    {T_AlterStatsStmt, LeftToObjectAccess},
    {T_AlterSeqStmt, NeedOfAlterSequence},
    {T_AlterTypeStmt, LeftToObjectAccess},
    {T_AlterEnumStmt, NeedOfAlterEnum},
};
// clang-format on

// Returns the object, when it is one that belongs to relations.
ObjectAddress NeedOfNamed(ObjectType type, Node** object, AccessList* list) {
    switch (type) {
        case OBJECT_TABLE:
        case OBJECT_VIEW:
        case OBJECT_MATVIEW:
        case OBJECT_FOREIGN_TABLE:
        case OBJECT_INDEX:
        case OBJECT_COLUMN:
        case OBJECT_TRIGGER:
        case OBJECT_RULE:
        case OBJECT_POLICY:
        case OBJECT_TABCONSTRAINT:
        case OBJECT_STATISTIC_EXT: break;
        default: return InvalidObjectAddress;
    }
    ObjectAddress address = ResolveObject(type, object, ShareUpdateExclusiveLock, false);
    ListCell* cell;
    // Who does not own a relation gets the server's own error.
    foreach (cell, RelationsOf(address.classId, address.objectId))
        if (OwnsRelation(lfirst_oid(cell), GetUserId()))
            Need(list, lfirst_oid(cell), Command::Alter);
    return address;
}

}    // namespace

static void NeedOfAlter(Node* node, AccessList* list) {
    for (const auto& alteration : alterations)
        if (alteration.tag == nodeTag(node)) {
            alteration.collect(node, list);
            return;
        }
    RefuseUnknown(node);
}

static void NeedOfAlterFunction(Node* node, AccessList* list) {
    // The other commands change the function's name, owner or schema alone.
    if (!IsA(node, AlterFunctionStmt))
        return;
    AlterFunctionStmt* alter = As<AlterFunctionStmt>(node);
    Oid function = LookupFuncWithArgs(alter->objtype, alter->func, true);
    if (OidIsValid(function) && IsOwnSchema(get_func_namespace(function)))
        RefuseOwn(get_func_namespace(function), get_func_name(function));
    NeedOfCallers(function, list);
}

// ALTER SCHEMA gives all that is in the schema another name. Without its own schema's name the gate would find none of its rules, and refuse
// everything.
static void NeedOfAlterSchema(Node* node, AccessList* list) {
    bool renames = IsA(node, RenameStmt);
    if (!renames && !IsA(node, AlterOwnerStmt))
        return;
    const char* name = renames ? As<RenameStmt>(node)->subname : strVal(As<AlterOwnerStmt>(node)->object);
    Oid schema = get_namespace_oid(name, true);
    if (!renames && IsOwnSchema(schema)) {
        if (!OwnsSchema(schema, GetUserId()))
            aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_SCHEMA, name);
        NeedAdmin(list);
    }
    if (!renames)
        return;
    if (IsOwnSchema(schema))
        RefuseOwn(schema, As<RenameStmt>(node)->newname);
    // When the command is over, the new name must lead to the schema.
    HoldSchema(As<RenameStmt>(node)->newname, schema);
    // Who does not own the schema gets the server's own error.
    if (OidIsValid(schema) && OwnsSchema(schema, GetUserId()))
        NeedOfEach(list, RelationsIn(list_make1_oid(schema)), Command::Alter);
}

// After ALTER SERVER foreign tables may read elsewhere.
static void NeedOfAlterServer(Node* node, AccessList* list) {
    // The other commands change the server's name or owner alone.
    if (!IsA(node, AlterForeignServerStmt))
        return;
    const char* name = As<AlterForeignServerStmt>(node)->servername;
    Oid server = get_foreign_server_oid(name, true);
    if (OidIsValid(server) && !OwnsObject(ForeignServerRelationId, server, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_SERVER, name);
    if (OidIsValid(server))
        NeedOfEach(list, RelationsThatUse(ForeignServerRelationId, server), Command::Alter);
}

// A domain's default and checks are its columns', as if they were the table's.
static void NeedOfAlterDomain(Node* node, AccessList* list) {
    // The other commands change the domain's name or schema alone.
    if (!IsA(node, AlterDomainStmt))
        return;
    AlterDomainStmt* alter = As<AlterDomainStmt>(node);
    bool checks = alter->subtype == 'C' ? !castNode(Constraint, alter->def)->skip_validation : strchr("OV", alter->subtype) != nullptr;
    Oid domain = typenameTypeId(nullptr, makeTypeNameFromNameList(alter->typeName));
    RequireOwnerOfType(domain, TYPTYPE_DOMAIN);
    ListCell* cell;
    foreach (cell, TablesOfType(domain)) {
        if (alter->subtype != 'V')
            Need(list, lfirst_oid(cell), Command::Alter);
        if (checks)
            Need(list, lfirst_oid(cell), Command::Select);
    }
}

static void RequireOwnerOfExtension(const char* name) {
    Oid extension = get_extension_oid(name, true);
    if (OidIsValid(extension) && !OwnsObject(ExtensionRelationId, extension, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_EXTENSION, name);
}

// A member of another extension is not covered by policies on its schema or the database any more.
static void NeedOfAlterExtension(Node* node, AccessList* list) {
    if (IsA(node, AlterExtensionStmt) && strcmp(As<AlterExtensionStmt>(node)->extname, extension_name) == 0) {
        RequireOwnerOfExtension(extension_name);
        NeedAdmin(list);
    }
    if (!IsA(node, AlterExtensionContentsStmt))
        return;
    AlterExtensionContentsStmt* contents = As<AlterExtensionContentsStmt>(node);
    RequireOwnerOfExtension(contents->extname);
    if (strcmp(contents->extname, extension_name) == 0)
        RefuseOwn(OwnSchema(), extension_name);
    ObjectAddress member = NeedOfNamed(contents->objtype, &contents->object, list);
    // The server invalidates nothing when a relation becomes a member, because its own caches do not depend on that; ours do.
    if (IsLocking() && member.classId == RelationRelationId && OidIsValid(member.objectId))
        CacheInvalidateRelcacheByRelid(member.objectId);
}

static void NeedOfComment(Node* node, AccessList* list) {
    CommentStmt* comment = As<CommentStmt>(node);
    NeedOfNamed(comment->objtype, &comment->object, list);
}

static void NeedOfSecurityLabel(Node* node, AccessList* list) {
    SecLabelStmt* label = As<SecLabelStmt>(node);
    NeedOfNamed(label->objtype, &label->object, list);
}

// clang-format off
const UtilityRow alter_rows[] = {
    {"ALTER TABLE",
     "ALTER, at both ends of a foreign key, of inheritance and of a partition; SELECT where expressions are evaluated over rows", T_Invalid,
     NeedOfAlter},
    {"ALTER FOREIGN TABLE", "as ALTER TABLE", T_Invalid, NeedOfAlter},
    {"ALTER INDEX", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER VIEW", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER MATERIALIZED VIEW", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER SEQUENCE", "ALTER of a relation named so", T_Invalid, NeedOfAlter},
    {"ALTER POLICY", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER RULE", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER TRIGGER", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER STATISTICS", "ALTER of the relation", T_Invalid, NeedOfAlter},
    {"ALTER TYPE", "ALTER of the typed tables and of the columns that it changes", T_Invalid, NeedOfAlter},
    {"ALTER DOMAIN", "ALTER of its columns; SELECT where a constraint is checked", T_Invalid, NeedOfAlterDomain},
    {"ALTER SERVER", "ALTER of the foreign tables on it", T_Invalid, NeedOfAlterServer},
    {"ALTER EXTENSION", "ALTER of a relation that it adds or drops; ADMIN for this one", T_Invalid, NeedOfAlterExtension},
    {"ALTER FUNCTION", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"ALTER PROCEDURE", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"ALTER ROUTINE", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"ALTER SCHEMA", "ALTER of what is in it when it is renamed", T_Invalid, NeedOfAlterSchema},
    {"COMMENT", "ALTER of the relation", T_CommentStmt, NeedOfComment},
    {"SECURITY LABEL", "ALTER of the relation", T_SecLabelStmt, NeedOfSecurityLabel},
    {},
};
// clang-format on

}    // namespace warrant
