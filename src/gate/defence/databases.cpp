#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "pg/transaction_end.hpp"
#include "pg/wait.hpp"
#include "rules/commands.hpp"
#include "queue/entry.hpp"
#include "queue/shared.hpp"
#include "queue/slots.hpp"
#include "gate/defence/databases.hpp"

namespace warrant {

namespace {

const char* StringOption(List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, name) == 0)
            return option->arg == nullptr ? nullptr : defGetString(option);
    }
    return nullptr;
}

// Whether a gated database is held, and the copy of a gated database until the transaction that makes it has ended.
bool holds_gated_database = false;
Oid copy = InvalidOid;

void OnTransaction(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT && OidIsValid(copy))
        AskLauncher(copy);
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
        copy = InvalidOid;
}

bool Owns(Oid database) { return OwnsDatabase(database, GetUserId()); }

// Whether the user may copy the database, which takes CREATEDB and a template, or ownership.
bool MayCopy(Oid database) {
    HeapTuple role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
    bool creates = HeapTupleIsValid(role) && Form_pg_authid(GETSTRUCT(role))->rolcreatedb;
    if (HeapTupleIsValid(role))
        ReleaseSysCache(role);
    HeapTuple row = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
    bool is_template = HeapTupleIsValid(row) && Form_pg_database(GETSTRUCT(row))->datistemplate;
    if (HeapTupleIsValid(row))
        ReleaseSysCache(row);
    return Owns(database) || (creates && is_template);
}

Oid IfAllowed(const char* name, bool (*allowed)(Oid)) {
    Oid database = name == nullptr ? InvalidOid : get_database_oid(name, true);
    return OidIsValid(database) && allowed(database) ? database : InvalidOid;
}

}    // namespace

const char* TemplateOf(const CreatedbStmt* create) {
    const char* source = StringOption(create->options, "template");
    return source == nullptr ? "template1" : source;
}

Oid DatabaseToHold(Node* utility) {
    switch (nodeTag(utility)) {
        case T_DropdbStmt: return IfAllowed(reinterpret_cast<DropdbStmt*>(utility)->dbname, Owns);
        case T_CreatedbStmt: return IfAllowed(TemplateOf(reinterpret_cast<CreatedbStmt*>(utility)), MayCopy);
        case T_AlterDatabaseStmt: {
            AlterDatabaseStmt* alter = reinterpret_cast<AlterDatabaseStmt*>(utility);
            return StringOption(alter->options, "tablespace") == nullptr ? InvalidOid : IfAllowed(alter->dbname, Owns);
        }
        case T_RenameStmt: {
            RenameStmt* rename = reinterpret_cast<RenameStmt*>(utility);
            return rename->renameType == OBJECT_DATABASE ? IfAllowed(rename->subname, Owns) : InvalidOid;
        }
        default: return InvalidOid;
    }
}

void HoldDatabase(Oid oid) {
    holds_gated_database = BeginHold(oid);
    constexpr int naps = 500, nap_ms = 10;
    for (int nap = 0; nap < naps && WakeVisitors(oid); nap++) {
        WaitOnLatch(WaitsFor::Workers, nap_ms);
        // The command itself will answer the interrupt, with the hold released.
        if (InterruptPending && (QueryCancelPending || ProcDiePending))
            break;
    }
}

void NoteCreatedDatabase(Oid database) {
    if (!holds_gated_database)
        return;
    (void)ListenForEnds<OnTransaction>();
    copy = database;
}

void ReleaseHeldDatabase(int, Datum argument) {
    holds_gated_database = false;
    EndHold(DatumGetObjectId(argument));
}

void LeaveHeldDatabase(Oid oid) {
    if (IsTransactionState() && !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(oid)))
        FreeDatabase(oid);
    ReleaseHeldDatabase(0, ObjectIdGetDatum(oid));
}

}    // namespace warrant
