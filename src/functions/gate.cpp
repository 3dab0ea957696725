// SQL's view of the gate: the statements that it knows, the last refusal, administrators, and the script's questions about itself.
#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/log.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/installation.hpp"
#include "rules/subject.hpp"
#include "gate/check/refusal.hpp"
#include "gate/defence/cluster.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/utility.hpp"

using namespace warrant;

// statements() -> (statement, needs, known): each statement of this server; its first tag stands for what has none, and is refused.
WARRANT_FUNCTION(warrant_statements) {
    InitMaterializedSRF(fcinfo, 0);
    auto put = [](const char* statement, const char* needs, bool known, void* context) {
        ReturnSetInfo* result = static_cast<ReturnSetInfo*>(context);
        Datum values[3] = {CStringGetTextDatum(statement), needs == nullptr ? Datum(0) : CStringGetTextDatum(needs), BoolGetDatum(known)};
        bool nulls[3] = {false, needs == nullptr, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    };
    ForEachStatement(put, fcinfo->resultinfo);
    PG_RETURN_VOID();
}

// last_refusal() -> (refused_at, command, schema_name, relation_name, policy_name, request_ids bigint[]): no row when nothing was refused.
WARRANT_FUNCTION(warrant_last_refusal) {
    InitMaterializedSRF(fcinfo, 0);
    if (last_refusal.refused_at == 0 || last_refusal.subject != CurrentSubject())
        PG_RETURN_VOID();
    Oid input, element;
    getTypeInputInfo(INT8ARRAYOID, &input, &element);
    Datum ids = OidInputFunctionCall(input, psprintf("{%s}", IsRequestIds(last_refusal.answer) ? last_refusal.answer : ""), element, -1);
    Datum values[6] = {TimestampTzGetDatum(last_refusal.refused_at),  CStringGetTextDatum(NameOf(last_refusal.access.command)),
                       NameGetDatum(&last_refusal.schema_name),       NameGetDatum(&last_refusal.relation_name),
                       CStringGetTextDatum(last_refusal.policy_name), ids};
    bool nulls[6] = {};
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    PG_RETURN_VOID();
}

// is_administrator(role oid) -> boolean
WARRANT_FUNCTION(warrant_is_administrator) { PG_RETURN_BOOL(IsGateAdministrator(PG_GETARG_OID(0))); }

// is_restoring() -> boolean, asked by a trigger function: it was not fired by another definition function.
WARRANT_FUNCTION(warrant_is_restoring) { PG_RETURN_BOOL(IsOutermostDefinition()); }

// discard_audit_log() -> bigint, the last row's number: lets the current transaction drop the extension with its audit log.
WARRANT_FUNCTION(warrant_discard_audit_log) {
    ActingUser other;
    if (!AreAdministrators(&other))
        ereport(ERROR, (errcode(error_refused), errmsg("permission denied to discard the audit log"),
                        errhint("A superuser, or a member of a role in \"pg_warrant.admin_roles\", can.")));
    if (!IsTransactionBlock())
        ereport(ERROR, (errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION), errmsg("the audit log is discarded in a transaction that drops the extension"),
                        errhint("BEGIN; SELECT %s.discard_audit_log(); DROP EXTENSION %s; COMMIT;", schema_name, extension_name)));
    uint64_t last = DiscardAuditLog();
    LogAnyway([&] {
        ereport(LOG, (errmsg("role \"%s\" discards the audit log of database \"%s\", %llu rows, if it drops the extension now",
                             GetUserNameFromId(CurrentSubject(), false), get_database_name(MyDatabaseId), (unsigned long long)last)));
    });
    PG_RETURN_INT64(int64(last));
}
