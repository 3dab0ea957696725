// The one table of statements, by the server's command tags; SQL sees it as warrant.commands.
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/decision.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "gate/access/access.hpp"
#include "gate/access/created.hpp"
#include "gate/check/check.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

struct Row {
    const char* statement;
    const char* needs;    // nullptr: nothing of a protected object
    NodeTag node;         // what the tag stands for; T_Invalid: several, told apart by the collector
    Collector collect;    // nullptr: its planned statements, and the server's privilege checks, are where the gate meets it
};

// clang-format off
const Row rows[] = {
    {"SELECT", "SELECT", T_Invalid, nullptr},
    {"SELECT FOR KEY SHARE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR NO KEY UPDATE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR SHARE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR UPDATE", "SELECT and LOCK", T_Invalid, nullptr},
    {"INSERT",
     "INSERT; UPDATE for ON CONFLICT DO UPDATE; SELECT of what it reads, and EXPORT of that when the target is unprotected", T_Invalid, nullptr},
    {"UPDATE", "UPDATE; SELECT of what it reads besides its target, and EXPORT of that when the target is unprotected", T_Invalid, nullptr},
    {"DELETE", "DELETE; SELECT of what it reads besides its target", T_Invalid, nullptr},
    {"MERGE", "what its actions need; SELECT of what it reads, and EXPORT of that when the target is unprotected", T_Invalid, nullptr},
    {"EXECUTE", "what the prepared statement needs", T_Invalid, nullptr},
    {"EXPLAIN", "what the explained statement needs", T_ExplainStmt, NeedOfExplain},
    {"DECLARE CURSOR", "what its query needs", T_Invalid, nullptr},
    {"FETCH", "what the cursor needs", T_Invalid, nullptr},
    {"CALL", "what the procedure does", T_Invalid, nullptr},
    {"DO", "what the block does; ADMIN for an untrusted language", T_DoStmt, NeedOfDo},
    {"COPY", "SELECT and EXPORT for TO, INSERT for FROM; ADMIN for a file or a program", T_CopyStmt, NeedOfCopy},
    {"COPY FROM", "INSERT; ADMIN for a file or a program", T_CopyStmt, NeedOfCopy},
    {"CREATE TABLE AS", "CREATE on the schema; SELECT of what it reads, and EXPORT of that when the schema is unprotected", T_CreateTableAsStmt,
     NeedOfCreateTableAs},
    {"SELECT INTO", "as CREATE TABLE AS", T_CreateTableAsStmt, NeedOfCreateTableAs},
    {"CREATE MATERIALIZED VIEW", "as CREATE TABLE AS", T_CreateTableAsStmt, NeedOfCreateTableAs},
    {"REFRESH MATERIALIZED VIEW",
     "MAINTAIN; SELECT of what it reads, and EXPORT of that when the view is unprotected", T_RefreshMatViewStmt, NeedOfRefresh},
    {"TRUNCATE TABLE", "TRUNCATE, of what CASCADE empties too", T_TruncateStmt, NeedOfTruncate},
    {"LOCK TABLE", "LOCK, of what a view reads too", T_LockStmt, NeedOfLock},
    {"VACUUM", "MAINTAIN", T_VacuumStmt, NeedOfVacuum},
    {"ANALYZE", "MAINTAIN", T_VacuumStmt, NeedOfVacuum},
    {"CLUSTER", "MAINTAIN", clustering_node, NeedOfCluster},
    {"REPACK", "MAINTAIN", clustering_node, NeedOfCluster},
    {"REINDEX", "MAINTAIN", T_ReindexStmt, NeedOfReindex},
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
    {"ALTER TEXT SEARCH CONFIGURATION", "ALTER of what uses it", T_Invalid, nullptr},
    {"ALTER TEXT SEARCH DICTIONARY", "ALTER of what uses it", T_Invalid, nullptr},
    {"CREATE AGGREGATE", "ALTER of what calls the aggregate that it replaces", T_Invalid, nullptr},
    {"ALTER FUNCTION", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"ALTER PROCEDURE", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"ALTER ROUTINE", "ALTER of what calls it", T_Invalid, NeedOfAlterFunction},
    {"CREATE PUBLICATION", "ADMIN for protected tables, all tables and those of a schema", T_CreatePublicationStmt, NeedOfPublication},
    {"ALTER PUBLICATION", "ADMIN where it adds such", T_Invalid, NeedOfPublication},
    {"CREATE SUBSCRIPTION", "ADMIN", T_CreateSubscriptionStmt, NeedOfAdmin},
    {"ALTER SUBSCRIPTION", "ADMIN", T_Invalid, NeedOfAdmin},
    {"CREATE EVENT TRIGGER", "ADMIN", T_CreateEventTrigStmt, NeedOfAdmin},
    {"ALTER EVENT TRIGGER", "ADMIN", T_Invalid, NeedOfAdmin},
    {"LOAD", "ADMIN", T_LoadStmt, NeedOfAdmin},
    {"ALTER SCHEMA", "ALTER of what is in it when it is renamed", T_Invalid, NeedOfAlterSchema},
    {"COMMENT", "ALTER of the relation", T_CommentStmt, NeedOfComment},
    {"SECURITY LABEL", "ALTER of the relation", T_SecLabelStmt, NeedOfSecurityLabel},
    {"GRANT", "GRANT; ADMIN for what belongs to the gate", T_GrantStmt, NeedOfGrant},
    {"REVOKE", "as GRANT", T_GrantStmt, NeedOfGrant},
    {"DROP OWNED", "DROP and ALTER as DROP; GRANT where privileges are taken away", T_DropOwnedStmt, NeedOfDropOwned},
    {"REASSIGN OWNED", "ALTER", T_ReassignOwnedStmt, NeedOfReassign},
    {"DROP ACCESS METHOD", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP AGGREGATE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP CAST", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP COLLATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP CONSTRAINT", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP CONVERSION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP DOMAIN", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP EVENT TRIGGER", "ADMIN", T_DropStmt, NeedOfDrop},
    {"DROP EXTENSION", "DROP and ALTER of what CASCADE drops; ADMIN for this one", T_DropStmt, NeedOfDrop},
    {"DROP FOREIGN DATA WRAPPER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP FOREIGN TABLE", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP FUNCTION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP INDEX", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP LANGUAGE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP MATERIALIZED VIEW", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR CLASS", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP OPERATOR FAMILY", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP POLICY", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP PROCEDURE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP PUBLICATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP ROUTINE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP RULE", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP SCHEMA", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP SEQUENCE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP SERVER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP STATISTICS", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP TABLE", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH CONFIGURATION", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH DICTIONARY", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH PARSER", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TEXT SEARCH TEMPLATE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TRANSFORM", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP TRIGGER", "ALTER of the relation", T_DropStmt, NeedOfDrop},
    {"DROP TYPE", "DROP and ALTER of what CASCADE drops", T_DropStmt, NeedOfDrop},
    {"DROP VIEW", "DROP, of what CASCADE drops too; ALTER of what loses a part", T_DropStmt, NeedOfDrop},
};
// clang-format on

// clang-format off
// Commands that touch no protected object.
const char* const harmless[] = {
    "ALTER ACCESS METHOD", "ALTER AGGREGATE", "ALTER CAST", "ALTER COLLATION", "ALTER CONSTRAINT", "ALTER CONVERSION", "ALTER DATABASE",
    "ALTER DEFAULT PRIVILEGES", "ALTER FOREIGN DATA WRAPPER", "ALTER LANGUAGE", "ALTER LARGE OBJECT", "ALTER OPERATOR",
    "ALTER OPERATOR CLASS", "ALTER OPERATOR FAMILY", "ALTER ROLE", "ALTER SYSTEM", "ALTER TABLESPACE",
    "ALTER TEXT SEARCH PARSER", "ALTER TEXT SEARCH TEMPLATE",
    "ALTER TRANSFORM", "ALTER USER MAPPING", "BEGIN", "CHECKPOINT", "CLOSE", "CLOSE CURSOR", "CLOSE CURSOR ALL", "COMMIT",
    "COMMIT PREPARED", "CREATE ACCESS METHOD", "CREATE CAST", "CREATE COLLATION", "CREATE CONSTRAINT",
    "CREATE CONVERSION", "CREATE DATABASE", "CREATE DOMAIN", "CREATE EXTENSION", "CREATE FOREIGN DATA WRAPPER", "CREATE LANGUAGE",
    "CREATE OPERATOR", "CREATE OPERATOR CLASS", "CREATE OPERATOR FAMILY", "CREATE ROLE", "CREATE SCHEMA", "CREATE SEQUENCE",
    "CREATE SERVER", "CREATE TABLESPACE", "CREATE TEXT SEARCH CONFIGURATION", "CREATE TEXT SEARCH DICTIONARY",
    "CREATE TEXT SEARCH PARSER", "CREATE TEXT SEARCH TEMPLATE", "CREATE TRANSFORM", "CREATE TYPE", "CREATE USER MAPPING", "DEALLOCATE",
    "DEALLOCATE ALL", "DISCARD", "DISCARD ALL", "DISCARD PLANS", "DISCARD SEQUENCES", "DISCARD TEMP", "DROP DATABASE", "DROP ROLE",
    "DROP SUBSCRIPTION", "DROP TABLESPACE", "DROP USER MAPPING", "GRANT ROLE", "IMPORT FOREIGN SCHEMA", "LISTEN", "MOVE", "NOTIFY",
    "PREPARE", "PREPARE TRANSACTION", "RELEASE", "RESET", "REVOKE ROLE", "ROLLBACK", "ROLLBACK PREPARED", "SAVEPOINT", "SET",
    "SET CONSTRAINTS", "SHOW", "START TRANSACTION", "UNLISTEN", "WAIT",
};
// clang-format on

struct Known {
    bool known;
    const Row* row;    // nullptr: harmless
};

// The table by tag, made at first use. Statements that this server does not have stand for its unknown tag, which stays unknown.
const Known* KnownTags() {
    static Known known[command_tags];
    static bool filled = false;
    if (filled)
        return known;
    for (const Row& row : rows)
        known[GetCommandTagEnum(row.statement)] = Known{true, &row};
    for (const char* statement : harmless)
        known[GetCommandTagEnum(statement)] = Known{true, nullptr};
    known[CMDTAG_UNKNOWN] = Known{false, nullptr};
    filled = true;
    return known;
}

const Known& KnownTagOf(const Node* utility) { return KnownTags()[CreateCommandTag(const_cast<Node*>(utility))]; }

void Collect(Node* utility, AccessList* list, bool with_locks) {
    SetLocking(with_locks);
    const Known& tag = KnownTagOf(utility);
    if (!tag.known || (tag.row != nullptr && tag.row->node != T_Invalid && tag.row->node != nodeTag(utility)))
        RefuseUnknown(utility);
    else if (tag.row != nullptr && tag.row->collect != nullptr)
        tag.row->collect(utility, list);
}

}    // namespace

bool HasNames(const Node* utility) {
    const Known& tag = KnownTagOf(utility);
    return !tag.known || (tag.row != nullptr && tag.row->collect != nullptr);
}

void DecideUtility(Node* utility, AccessList* list) {
    AccessList foreseen = {};
    Collect(static_cast<Node*>(copyObjectImpl(utility)), &foreseen, false);
    RefuseAccesses(&foreseen);
    ForgetJoins();
    Collect(utility, list, true);
    CheckAccesses(nullptr, list);
    SettleJoins();
}

void RefuseUnknown(Node* utility) {
    if (GateIsOff() || AreAllExempt() || !AnythingIsProtected())
        return;
    ereport(ERROR, (errcode(error_refused), errmsg("%s is refused", GetCommandTagName(CreateCommandTag(utility))),
                    errdetail("The gate does not know this command, and something is protected here."),
                    errhint("A release of the extension for this server may know it.")));
}

void ForEachStatement(void (*visit)(const char* statement, const char* needs, bool known, void* context), void* context) {
    for (int tag = CMDTAG_UNKNOWN + 1; tag < command_tags; tag++)
        if (IsOfStatement(CommandTag(tag))) {
            const Known& known = KnownTags()[tag];
            visit(GetCommandTagName(CommandTag(tag)), known.row == nullptr ? nullptr : known.row->needs, known.known, context);
        }
}

}    // namespace warrant
