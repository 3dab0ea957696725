// All statements, by the server's command tags: those of the families, and those without a collector. SQL sees them as warrant.commands.
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

// Planned statements, and what object_access.cpp meets.
// clang-format off
const UtilityRow rows[] = {
    {"SELECT", "SELECT", T_Invalid, nullptr},
    {"SELECT FOR KEY SHARE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR NO KEY UPDATE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR SHARE", "SELECT and LOCK", T_Invalid, nullptr},
    {"SELECT FOR UPDATE", "SELECT and LOCK", T_Invalid, nullptr},
    {"INSERT",
     "INSERT; UPDATE for ON CONFLICT DO UPDATE; SELECT of what it reads, and EXPORT of that when the target is unprotected", T_Invalid, nullptr},
    {"UPDATE", "UPDATE, UPDATE_ALL if WHERE names no column of it; SELECT of what else it reads, EXPORT of that if it is unprotected", T_Invalid, nullptr},
    {"DELETE", "DELETE, DELETE_ALL if WHERE names no column of it; SELECT of what else it reads", T_Invalid, nullptr},
    {"MERGE", "what its actions need; SELECT of what it reads, and EXPORT of that when the target is unprotected", T_Invalid, nullptr},
    {"EXECUTE", "what the prepared statement needs", T_Invalid, nullptr},
    {"DECLARE CURSOR", "what its query needs", T_Invalid, nullptr},
    {"FETCH", "what the cursor needs", T_Invalid, nullptr},
    {"CALL", "what the procedure does", T_Invalid, nullptr},
    {"ALTER TEXT SEARCH CONFIGURATION", "ALTER of what uses it", T_Invalid, nullptr},
    {"ALTER TEXT SEARCH DICTIONARY", "ALTER of what uses it", T_Invalid, nullptr},
    {"CREATE AGGREGATE", "ALTER of what calls the aggregate that it replaces", T_Invalid, nullptr},
    {},
};

const UtilityRow* const families[] = {rows, admin_rows, alter_rows, create_rows, drop_rows, grant_rows, lock_rows, maintain_rows};
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
    // The tag's row; nullptr for a harmless command.
    const UtilityRow* row;
};

// The rows by tag, found at first use. Statements that this server does not have stand for its unknown tag, which stays unknown.
const Known* KnownTags() {
    static Known known[command_tags];
    static bool filled = false;
    if (filled)
        return known;
    for (const UtilityRow* row : families)
        for (; row->statement != nullptr; row++)
            known[GetCommandTagEnum(row->statement)] = Known{true, row};
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
    RefuseUnapproved(&foreseen);
    ForgetJoins();
    Collect(utility, list, true);
    CheckAccesses(nullptr, list);
    SettleJoins();
}

// Those whose collectors take no locks when they are not to.
static bool IsForeseeable(const Node* utility) {
    switch (nodeTag(utility)) {
        case T_LockStmt:
        case T_TruncateStmt: return true;
        case T_DropStmt:
            switch (reinterpret_cast<const DropStmt*>(utility)->removeType) {
                case OBJECT_TABLE:
                case OBJECT_VIEW:
                case OBJECT_MATVIEW:
                case OBJECT_FOREIGN_TABLE: return true;
                default: return false;
            }
        default: return KnownTagOf(utility).known && KnownTagOf(utility).row == nullptr;
    }
}

static void RequireDropped(const DropStmt* drop) {
    ListCell* cell;
    foreach (cell, drop->missing_ok ? NIL : drop->objects)
        (void)RangeVarGetRelid(makeRangeVarFromNameList(lfirst_node(List, cell)), NoLock, false);
}

bool CollectForeseen(Node* utility, AccessList* list) {
    if (!IsForeseeable(utility))
        return false;
    if (IsA(utility, DropStmt))
        RequireDropped(As<DropStmt>(utility));
    Collect(static_cast<Node*>(copyObjectImpl(utility)), list, false);
    return true;
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
