#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "queue/audit_columns.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "statement/rows.hpp"
#include "statement/statement_record.hpp"

namespace warrant {

namespace {

// Of one statement's rows so many carry its text, and for so many room is kept for their outcomes: a statement over thousands of relations
// goes through a ring of any size. The outcomes of the others wait for room when it has succeeded.
constexpr int most_texts = 16;
constexpr int most_promises = 64;

// The entry on its way. It is one for all, because most of it is the session's and stays. It describes an access record of a statement, by its place.
EntryHeader header;
int described = -1;

void FillFields(AuditFields* fields, const StatementRecord* statement, const AccessRecord* record, TimestampTz now) {
    FillStatementFields(fields, statement->id, statement->query_id, now);
    fields->policy_id = record->policy_id;
    fields->policy_version = record->policy_version;
    fields->grant_id = record->grant_id;
    fields->request_id = 0;
    fields->rows = fields->duration_us = -1;
    fields->repeats = 1;
    fields->sqlstate = 0;
    fields->finished = fields->failed = false;
    bool of_relation = record->access.command != Command::Create && record->access.command != Command::Admin;
    fields->relation = of_relation ? record->access.relation : InvalidOid;
    fields->executions = record->executions;
    fields->event = record->event;
    fields->command = record->access.command;
    fields->has_command = true;
    memcpy(fields->digest, statement->digest, sizeof fields->digest);
    fields->schema_name = record->schema_name;
    fields->relation_name = record->relation_name;
}

int PlaceOf(const StatementRecord* statement, const AccessRecord* record) { return int(record - statement->accesses); }

// Fills the header, complete but for its sizes.
void FillHeader(const StatementRecord* statement, const AccessRecord* record, TimestampTz now) {
    header.kind = EntryKind::Audit;
    header.waits = header.stays = false;
    RenewOrigin(&header.origin);
    FillFields(&header.fields, statement, record, now);
    described = PlaceOf(statement, record);
}

// Fills the header anew only where it must: most statements have one access record, and nothing was recorded since. That saves 150 instructions.
void RefillHeader(const StatementRecord* statement, const AccessRecord* record, TimestampTz now) {
    if (described != PlaceOf(statement, record) || header.fields.statement_id != statement->id) {
        FillHeader(statement, record, now);
        return;
    }
    header.waits = false;
    header.fields.occurred_at = now;
    header.fields.xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    header.fields.executions = record->executions;
}

void FailUnlessAllowed(Enqueued sent, const EntryParts* parts, const char* what) {
    if (settings.audit_failure == int(AuditFailure::Allow)) {
        LogRow(&header, parts, what);
        return;
    }
    ereport(ERROR, (errcode(sent == Enqueued::RingFull ? error_ring_full : error_unavailable), errmsg("the statement cannot be audited"),
                    errdetail("%s", what), errhint("warrant.status() tells administrators, approvers and auditors what is missing.")));
}

void WaitUntilDurable(const EntryParts* parts) {
    Reply reply;
    Waited waited = WaitForReply(header.serial, settings.audit_timeout_ms, &reply);
    CHECK_FOR_INTERRUPTS();
    if (waited == Waited::NotReplicated)
        FailUnlessAllowed(Enqueued::NoRecorder, parts, "No synchronous standby has confirmed its row.");
    else if (waited != Waited::Done)
        FailUnlessAllowed(Enqueued::NoRecorder, parts, "The recorder of this database does not answer.");
    else if (reply.failed)
        FailUnlessAllowed(Enqueued::NoRecorder, parts, reply.message);
}

EntryParts PartsOf(const AccessRecord* record) {
    EntryParts parts = {};
    parts.policy_name = record->policy_name;
    parts.policy_name_size = record->policy_name_size;
    return parts;
}

}    // namespace

void SendAccessRow(StatementRecord* statement, AccessRecord* record, const CheckedAccess* checked_access, bool waits, bool has_outcome,
                   const char* text, int length) {
    FillHeader(statement, record, statement->count == 1 ? statement->started : GetCurrentTimestamp());
    RememberNames(&header.origin);
    header.waits = waits;
    EntryParts parts = PartsOf(record);
    if (!record->access.touched.all) {
        parts.columns = checked_access->columns;
        parts.columns_size = strlen(checked_access->columns);
    }
    parts.text = text;
    parts.text_size = statement->count > most_texts ? 0 : KeptLength(text, length);
    bool stands = record->stands = checked_access->waits || (checked_access->stands && !RecoveryInProgress());
    record->promised = has_outcome && statement->count <= most_promises;
    int64 deadline = 0;
    Enqueued sent = stands ? EnqueueInTime(&header, &parts, &record->promised, &deadline, WhileWaiting::Answer)
                           : Enqueue(&header, &parts, &record->promised, false);
    record->ends = has_outcome && (sent == Enqueued::Yes || !stands);
    if (sent != Enqueued::Yes && !stands)
        LogRow(&header, &parts, WhyNot(sent));
    else if (sent != Enqueued::Yes)
        FailUnlessAllowed(sent, &parts, WhyNot(sent));
    else if (waits)
        WaitUntilDurable(&parts);
}

void SendOutcomeRow(const StatementRecord* statement, const AccessRecord* record, bool failed, int sqlstate, int64* deadline) {
    RefillHeader(statement, record, GetCurrentTimestamp());
    header.fields.event = Event::Outcome;
    header.fields.finished = true;
    header.fields.failed = failed;
    header.fields.sqlstate = failed ? sqlstate : 0;
    header.fields.rows = failed ? -1 : statement->rows;
    header.fields.duration_us = header.fields.occurred_at - statement->started;
    EntryParts parts = PartsOf(record);
    bool may_wait = record->stands && !failed && IsTransactionState();    // a rollback ends cursors, too, and waits for nothing
    Enqueued sent = record->promised ? Enqueue(&header, &parts, nullptr, true)
                    : !may_wait      ? Enqueue(&header, &parts, nullptr, false)
                                     : EnqueueInTime(&header, &parts, nullptr, deadline, WhileWaiting::Stop);
    if (sent != Enqueued::Yes)
        LogRow(&header, &parts, WhyNot(sent), false);
}

}    // namespace warrant
