#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/log.hpp"
#include "pg/log_level.hpp"
#include "pg/permissions.hpp"
#include "rules/access.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"
#include "gate/access/access.hpp"
#include "gate/check/concealed_errors.hpp"

namespace warrant {

bool may_hide_errors = false;

namespace {

// Whether errors of this code quote no value: those about the server, the transaction or the gate do not, and RAISE says what its author chose.
bool QuotesNothing(int sqlstate) {
    static const int categories[] = {
        ERRCODE_INVALID_TRANSACTION_STATE,
        ERRCODE_TRANSACTION_ROLLBACK,
        ERRCODE_INSUFFICIENT_RESOURCES,
        ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        ERRCODE_OPERATOR_INTERVENTION,
        ERRCODE_SYSTEM_ERROR,
        ERRCODE_PLPGSQL_ERROR,
        ERRCODE_INTERNAL_ERROR,
    };
    if (sqlstate == error_refused)
        return true;
    for (int category : categories)
        if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(category))
            return true;
    return false;
}

// Whether the message only names things: that of a violated constraint names it and its table; the values are in the detail.
bool NamesOnly(int sqlstate) {
    int category = ERRCODE_TO_CATEGORY(sqlstate);
    return category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) || sqlstate == ERRCODE_WITH_CHECK_OPTION_VIOLATION;
}

bool MaySelect(Oid relation) {
    GoverningPolicies* policies = FindGoverningPolicies(relation);
    if (policies->free || policies->own)
        return true;
    auto passes = [](const Decision* decision) { return decision->answer == Answer::Unprotected || Runs(decision) || IsMonitored(decision); };
    Oid subject = CurrentSubject();
    ActingUser other;
    return passes(Decide(policies, subject, Command::Select)) && !FindActorWithout(&other, subject, [&](Oid user) {
               Decision decision = DecideFor(policies, user, Command::Select);
               return passes(&decision);
           });
}

// What is known of the latest transaction with a concealed statement. A COMMIT in a procedure raises its error in the next transaction, but in the
// same message.
struct {
    LocalTransactionId transaction;
    TimestampTz message;
    int flags;
    int least_logged;    // what belongs into the server log, where its errors do not; or 0
} latest = {InvalidLocalTransactionId, 0, 0, 0};

int Remembered(int flags) {
    if (flags != 0) {
        latest.least_logged = ConcealedInTransaction() != 0 ? latest.least_logged : 0;
        latest.flags = ConcealedInTransaction() | flags;
        latest.transaction = MyTransactionNumber();
        latest.message = GetCurrentStatementStartTimestamp();
        may_hide_errors = true;
        HearErrors();
    }
    return flags;
}

bool IsConcerned(int flags, int sqlstate) {
    bool of_constraint = ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
    return (flags & flag_concealed) || ((flags & flag_constraints_concealed) && of_constraint) ||
           ((flags & flag_exclusion_concealed) && sqlstate == ERRCODE_EXCLUSION_VIOLATION);
}

constexpr char detail_concealed[] = "What went wrong could show values that need approval to be read.";
constexpr char hint_concealed[] = "Under a grant of SELECT the error tells it; the server log has it.";

emit_log_hook_type previous_emit_log = nullptr;

// An error on its way to log and client. COMMIT raises where nothing can catch it.
void OnEmitLog(ErrorData* error) {
    if (latest.least_logged != 0 && !logging_anyway && ConcealedInTransaction() != 0 && !IsLogged(error->elevel, latest.least_logged))
        error->output_to_server = false;
    else if (previous_emit_log != nullptr)
        previous_emit_log(error);
    bool of_constraint = error->elevel >= ERROR && ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
    if (!of_constraint || error->detail == nullptr || !IsConcerned(ConcealedInTransaction(), error->sqlerrcode))
        return;
    if (error->detail_log == nullptr)
        error->detail_log = error->detail;
    error->detail = pstrdup(detail_concealed);
    error->hint = pstrdup(hint_concealed);
}

int CopyName(int field, const char* name) { return name == nullptr ? 0 : err_generic_string(field, name); }

int FlagsOf(const List* permissions, List* implied_reads) {
    if (GateIsOff())
        return 0;
    ListCell* cell;
    foreach (cell, implied_reads)
        if (lfirst_oid(cell) >= FirstNormalObjectId && !MaySelect(lfirst_oid(cell)))
            return flag_concealed;
    int flags = 0;
    ForEachPermission(permissions, [&flags](const Permission& permission) {
        if (Writes(permission) && permission.relation >= FirstNormalObjectId && !MaySelect(permission.relation))
            flags |= (permission.required & (ACL_UPDATE | ACL_DELETE)) != 0 ? flag_concealed : flag_exclusion_concealed;
    });
    return flags;
}

}    // namespace

int FlagConcealed(const List* permissions, List* implied_reads) { return Remembered(FlagsOf(permissions, implied_reads)); }

int FlagChanged(const AccessList* list) {
    for (int i = 0; i < list->count; i++) {
        const Access& access = list->items[i];
        if ((access.command == Command::Alter || access.command == Command::Maintain) && !MaySelect(access.relation))
            return flag_constraints_concealed;
    }
    return 0;
}

int ConcealedInTransaction() {
    if (latest.transaction == InvalidLocalTransactionId || MyProc == nullptr)
        return 0;
    bool now = latest.transaction == MyTransactionNumber() || latest.message == GetCurrentStatementStartTimestamp();
    return now ? latest.flags : 0;
}

void HearErrors() {
    if (latest.transaction != MyTransactionNumber() || IsLogged(ERROR, LeastLogged()))
        return;
    latest.least_logged = LeastLogged();
    (void)set_config_option("log_min_messages", "error", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

void InstallConcealedErrors() {
    previous_emit_log = emit_log_hook;
    emit_log_hook = OnEmitLog;
}

int SilenceNotices(int flags) {
    int level = NewGUCNestLevel();
    if ((flags & flag_concealed) != 0)
        (void)set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
}

void RaiseConcealed(MemoryContext caller, int flags) {
    if (!IsConcerned(flags, geterrcode()) || QuotesNothing(geterrcode()))
        PG_RE_THROW();
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    LogAnyway([error] {
        ereport(LOG_SERVER_ONLY, (errcode(error->sqlerrcode), errmsg_internal("%s", error->message),
                                  error->detail == nullptr ? 0 : errdetail_internal("%s", error->detail)));
    });
    ereport(ERROR, (errcode(error->sqlerrcode),
                    NamesOnly(error->sqlerrcode) ? errmsg_internal("%s", error->message) : errmsg("the statement failed on a protected row"),
                    errdetail(detail_concealed), errhint(hint_concealed), CopyName(PG_DIAG_SCHEMA_NAME, error->schema_name),
                    CopyName(PG_DIAG_TABLE_NAME, error->table_name), CopyName(PG_DIAG_COLUMN_NAME, error->column_name),
                    CopyName(PG_DIAG_CONSTRAINT_NAME, error->constraint_name)));
}

}    // namespace warrant
