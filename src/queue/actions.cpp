#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "queue/actions.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

// The words are the recorder's; the names in them somebody else chose.
const char* Plain(const char* words) { return InOneLine(words, int(strlen(words)), int(strlen(words)) + 3); }

void RaiseFailed(const Reply* reply) {
    ereport(ERROR, (errcode(reply->sqlstate), errmsg("%s", Plain(reply->message)), reply->detail[0] ? errdetail("%s", Plain(reply->detail)) : 0,
                    reply->hint[0] ? errhint("%s", Plain(reply->hint)) : 0));
}

void TellNotices(char* lines) {
    for (char* line = strtok(lines, "\n"); line != nullptr; line = strtok(nullptr, "\n"))
        ereport(NOTICE, (errmsg("%s", line)));
}

int64_t ActionTaken() { return int64_t(pg_atomic_read_u64(&MailboxOf(MyProcessIndex())->action_id)); }

void RaiseInDoubt(int64_t action_id, const char* detail) {
    QueryCancelPending = false;    // this error is the answer to the cancel
    ereport(ERROR, (errcode(error_unknown_completion), errmsg("action %lld may have been done", (long long)action_id),
                    detail == nullptr ? 0 : errdetail("%s", detail),
                    errhint("SELECT * FROM warrant.action_result(%lld) tells whether it was.", (long long)action_id)));
}

// Raises 40003. A refusal that came again is only counted, so that its error has no number to ask about.
void FailInDoubt(const ActionRequest* request, const char* detail) {
    if (ActionTaken() != 0 && request->in_doubt != nullptr)
        request->in_doubt(request->argument);
    if (ProcDiePending || ActionTaken() == 0)
        CHECK_FOR_INTERRUPTS();
    if (ActionTaken() != 0)
        RaiseInDoubt(ActionTaken(), detail);
}

void RaiseNotReplicated(const char* what) {
    CHECK_FOR_INTERRUPTS();
    ereport(ERROR, (errcode(error_unavailable), errmsg("no synchronous standby confirms %s", what),
                    errdetail("It is recorded here, and may be lost with this server."),
                    errhint("\"synchronous_standby_names\" says which standbys are waited for, \"pg_warrant.audit_timeout\" how long.")));
}

// Whether the action changes nothing that its caller could lose.
bool OnlyAsks(const ActionRequest* request) { return request->stays || strcmp(request->action, "ask_result") == 0; }

void RaiseNotSent(Enqueued sent) {
    if (sent == Enqueued::RingFull)
        ereport(ERROR,
                (errcode(error_ring_full), errmsg("the recorder's queue is full"), errhint("Try again, or set \"pg_warrant.ring_size\" higher.")));
    if (RecoveryInProgress())
        ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder of this database is not running"),
                        errdetail("This is a standby, where nothing is requested, decided or recorded."), errhint("Use the primary.")));
    ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder of this database is not running"),
                    errhint("warrant.status() tells administrators, approvers and auditors what is missing.")));
}

}    // namespace

char* RunAction(const ActionRequest* request) {
    EntryHeader header = {};
    if (request->fields != nullptr)
        header.fields = *request->fields;
    header.kind = EntryKind::Action;
    header.waits = true;
    header.stays = request->stays;
    PrepareOrigin();
    FillOrigin(&header.origin);
    EntryParts parts = {};
    parts.action = request->action;
    parts.action_size = strlen(request->action);
    parts.arguments = request->arguments;
    parts.arguments_size = strlen(request->arguments);
    parts.text = request->text;
    uint64_t needed = sizeof header + parts.arguments_size + parts.action_size;
    if (needed > most_entry_bytes)
        ereport(ERROR, (errcode(error_too_large), errmsg("action \"%s\" is larger than 32 kB", request->action)));
    int kept = request->text == nullptr ? 0 : KeptLength(request->text, request->text_length);
    parts.text_size = kept == 0 ? 0 : pg_mbcliplen(request->text, kept, int(most_entry_bytes - needed));
    int64 deadline = 0;
    Enqueued sent = !request->stays && !request->patient
                        ? Enqueue(&header, &parts, nullptr, false)
                        : EnqueueInTime(&header, &parts, nullptr, &deadline, request->stays ? WhileWaiting::Stop : WhileWaiting::Answer);
    if (sent != Enqueued::Yes && request->stays)
        LogRow(&header, &parts, WhyNot(sent));
    if (sent != Enqueued::Yes) {
        CHECK_FOR_INTERRUPTS();
        RaiseNotSent(sent);
    }
    Reply reply;
    switch (WaitForReply(header.serial, settings.audit_timeout_ms, &reply)) {
        case Waited::InDoubt: FailInDoubt(request, nullptr); [[fallthrough]];
        case Waited::TimedOut:
            ereport(ERROR, (errcode(error_unavailable), errmsg("the recorder of this database does not answer"),
                            request->stays ? errdetail("The refusal was not recorded in %d ms; it will be.", settings.audit_timeout_ms)
                                           : errdetail("The action was not taken in %d ms and has been withdrawn.", settings.audit_timeout_ms),
                            errhint("warrant.status() tells administrators, approvers and auditors what is missing.")));
            break;
        case Waited::NotReplicated:
            if (OnlyAsks(request))
                RaiseNotReplicated(request->stays ? "the refusal" : "the answer");
            FailInDoubt(request, "It is done here, but no synchronous standby has confirmed it.");
            break;
        case Waited::Done:
            // A cancel that came between the answer and its reading must not look as if the action had not been done.
            if (QueryCancelPending && InterruptHoldoffCount == 0 && !reply.failed && !OnlyAsks(request) && request->in_doubt == nullptr)
                FailInDoubt(request, "It was done when it was cancelled.");
            break;
    }
    if (reply.failed)
        RaiseFailed(&reply);
    TellNotices(reply.detail);
    return reply.is_null ? nullptr : pstrdup(reply.answer);
}

Enqueued SendAction(const char* action, const char* arguments) {
    EntryHeader header = {};
    header.kind = EntryKind::Action;
    PrepareOrigin();
    FillOrigin(&header.origin);
    EntryParts parts = {};
    parts.action = action;
    parts.action_size = strlen(action);
    parts.arguments = arguments;
    parts.arguments_size = strlen(arguments);
    return Enqueue(&header, &parts, nullptr, false);
}

Enqueued SendPortion(const char* action, const char* arguments, const AuditFields* fields, int64* deadline) {
    EntryHeader header = {};
    header.fields = *fields;
    header.kind = EntryKind::Action;
    PrepareOrigin();
    FillOrigin(&header.origin);
    EntryParts parts = {};
    parts.action = action;
    parts.action_size = strlen(action);
    parts.arguments = arguments;
    parts.arguments_size = strlen(arguments);
    Enqueued sent = EnqueueInTime(&header, &parts, nullptr, deadline, WhileWaiting::Stop);
    if (sent != Enqueued::Yes)
        LogRow(&header, &parts, WhyNot(sent));
    return sent;
}

}    // namespace warrant
