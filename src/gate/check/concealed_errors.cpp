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

// Whether it is an error of the gate, which quotes no value of a row. An error that was concealed already is one.
bool IsOurs(const ErrorData* error) { return error->domain != nullptr && strcmp(error->domain, TEXTDOMAIN) == 0; }

// Whether the words of the error quote no value. All codes but these do, or could: an error is concealed unless it is known to be harmless. Whole
// classes are not, because functions of the server raise XX000, 54000, 55000 or 58P01 about their arguments. P0002 and P0003 tell parameters.
bool QuotesNothing(const ErrorData* error) {
    static const int codes[] = {
        ERRCODE_READ_ONLY_SQL_TRANSACTION,
        ERRCODE_T_R_SERIALIZATION_FAILURE,
        ERRCODE_T_R_DEADLOCK_DETECTED,
        ERRCODE_LOCK_NOT_AVAILABLE,
        ERRCODE_QUERY_CANCELED,
        // These two say what their author chose.
        ERRCODE_RAISE_EXCEPTION,
        ERRCODE_ASSERT_FAILURE,
    };
    for (int code : codes)
        if (error->sqlerrcode == code)
            return true;
    return IsOurs(error);
}

// Whether the message only names things: that of a violated constraint names it and its table; the values are in the detail.
bool NamesOnly(const ErrorData* error) {
    int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
    constexpr char row_policy[] = "new row violates row-level security policy";
    return category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) || error->sqlerrcode == ERRCODE_WITH_CHECK_OPTION_VIOLATION ||
           (error->message_id != nullptr && strncmp(error->message_id, row_policy, sizeof row_policy - 1) == 0);
}

bool MaySelect(Oid relation) {
    GoverningPolicies* policies = FindGoverningPolicies(relation);
    if (policies->free || policies->own)
        return true;
    auto passes = [](const Decision* decision) { return decision->answer == Answer::Unprotected || Runs(decision) || IsMonitored(decision); };
    Oid subject = CurrentSubject();
    ActingUser other;
    auto passes_all = [&](Oid user) {
        return AllColumns(policies, [&](const char* column) {
            Decision decision = DecideFor(policies, user, Command::Select, column);
            return passes(&decision);
        });
    };
    return AllColumns(policies, [&](const char* column) { return passes(Decide(policies, subject, Command::Select, column)); }) &&
           !FindActorWithout(&other, subject, passes_all);
}

// What is known of the latest transaction with a concealed statement. A COMMIT in a procedure raises its error in the next transaction, but in the
// same message.
struct {
    LocalTransactionId transaction;
    TimestampTz message;
    int flags;
    // From which level on messages belong into the server's log, where errors do not and are heard all the same; or 0.
    int least_logged;
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

constexpr char message_concealed[] = "the statement failed on a protected row";
constexpr char detail_concealed[] = "What went wrong could show values that need approval to be read.";
constexpr char hint_concealed[] = "Under a grant of SELECT the error tells it; the server log has it.";

emit_log_hook_type previous_emit_log = nullptr;

// The context and the query of an error quote what code of a function has made of values, whatever its code is.
bool TellsContext(const ErrorData* error) { return error->context != nullptr || error->internalquery != nullptr; }

// Writes all that the client is not told into the server's log. The error has its context, so this report needs none.
void LogWhole(const ErrorData* error) {
    ErrorContextCallback* outer = error_context_stack;
    error_context_stack = nullptr;
    LogAnyway([error] {
        const char* detail = error->detail_log != nullptr ? error->detail_log : error->detail;
        ereport(LOG_SERVER_ONLY,
                (errcode(error->sqlerrcode), errmsg_internal("%s", error->message != nullptr ? error->message : ""),
                 detail == nullptr ? 0 : errdetail_internal("%s", detail), error->context == nullptr ? 0 : errcontext_msg("%s", error->context),
                 error->internalquery == nullptr ? 0 : internalerrquery(error->internalquery)));
    });
    error_context_stack = outer;
}

// Conceals an error that left COMMIT, where nothing can catch it: one of a constraint, or of a function that a trigger called. Only those have a
// context, and of them all in the transaction are concealed.
void ConcealReported(ErrorData* error) {
    bool of_constraint = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
    if (!IsConcerned(ConcealedInTransaction(), error->sqlerrcode) || IsOurs(error))
        return;
    if (TellsContext(error)) {
        // The words of an error that ends the session are the server's own.
        bool ends_session = error->elevel > ERROR;
        if (!ends_session)
            LogWhole(error);
        error->context = error->internalquery = nullptr;
        error->cursorpos = error->internalpos = 0;
        if (ends_session || QuotesNothing(error))
            return;
        if (!NamesOnly(error))
            error->message = pstrdup(message_concealed);
    } else if (!of_constraint || error->detail == nullptr) {
        return;
    }
    if (error->detail_log == nullptr)
        error->detail_log = error->detail;
    error->detail = pstrdup(detail_concealed);
    error->hint = pstrdup(hint_concealed);
}

// An error on its way to log and client.
void OnEmitLog(ErrorData* error) {
    if (latest.least_logged != 0 && !logging_anyway && ConcealedInTransaction() != 0 && !IsLogged(error->elevel, latest.least_logged))
        error->output_to_server = false;
    else if (previous_emit_log != nullptr)
        previous_emit_log(error);
    if (error->elevel >= ERROR)
        ConcealReported(error);
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

// Raises in the place of the current error, of which this is a copy, one without what would quote values.
[[noreturn]] static void RaiseInstead(ErrorData* error) {
    FlushErrorState();
    LogWhole(error);
    if (QuotesNothing(error)) {
        error->context = error->internalquery = nullptr;
        error->internalpos = 0;
        ThrowErrorData(error);
    }
    ereport(ERROR, (errcode(error->sqlerrcode), NamesOnly(error) ? errmsg_internal("%s", error->message) : errmsg(message_concealed),
                    errdetail(detail_concealed), errhint(hint_concealed), CopyName(PG_DIAG_SCHEMA_NAME, error->schema_name),
                    CopyName(PG_DIAG_TABLE_NAME, error->table_name), CopyName(PG_DIAG_COLUMN_NAME, error->column_name),
                    CopyName(PG_DIAG_CONSTRAINT_NAME, error->constraint_name)));
}

void RaiseInsteadOfNotice(void*) {
    ereport(ERROR, (errcode(error_refused), errmsg(message_concealed), errdetail(detail_concealed),
                    errhint("Let it call no function that reports something by a notice or warning.")));
}

static bool MayStay(const ErrorData* error) { return QuotesNothing(error) && !TellsContext(error); }

void RaiseConcealed(MemoryContext caller, int flags) {
    if (!IsConcerned(flags, geterrcode()))
        PG_RE_THROW();
    MemoryContextSwitchTo(caller);
    ErrorData* error = CopyErrorData();
    if (MayStay(error))
        PG_RE_THROW();
    RaiseInstead(error);
}

// Called for whatever is reported inside the block or procedure, while it is reported. The server takes the portal's snapshot away for a COMMIT, and
// gives it another one with the next query.
void OnErrorInside(void* argument) {
    const CommitListener* listener = static_cast<const CommitListener*>(argument);
    bool commits = ActivePortal != nullptr && ActivePortal->portalSnapshot == nullptr;
    if (!commits || !IsConcerned(ConcealedInTransaction(), geterrcode()))
        return;
    MemoryContext reporting = MemoryContextSwitchTo(listener->memory);
    ErrorData* error = CopyErrorData();
    MemoryContextSwitchTo(reporting);
    if (error->elevel != ERROR || MayStay(error))
        return;
    MemoryContextSwitchTo(listener->memory);
    error_context_stack = listener->callback.previous;
    RaiseInstead(error);
}

}    // namespace warrant
