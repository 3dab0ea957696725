#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/room.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/uses.hpp"
#include "queue/actions.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "statement/statement_record.hpp"
#include "statement/uses.hpp"

namespace warrant {

namespace {

// --- what is paid ---

bool HasPaid(const StatementRecord* statement, int64_t grant_id) {
    for (int i = 0; statement != nullptr && i < statement->paid_count; i++)
        if (statement->paid[i] == grant_id)
            return true;
    return false;
}

void NotePaid(StatementRecord* statement, int64_t grant_id) {
    if (HasPaid(statement, grant_id))
        return;
    MakeRoom(&statement->paid, &statement->paid_room, statement->paid_count, 4);
    statement->paid[statement->paid_count++] = grant_id;
}

// Notes what the top-level statement has paid, and for queries that outlive it, cursors', that they have paid, too: the one that starts, and those
// around it.
void NotePaidByAll(QueryDesc* starting, int64_t grant_id) {
    for (Frame* frame = current_frame; frame != nullptr; frame = frame->outer)
        if (frame->query != nullptr)
            NotePaid(StatementRecordOf(frame->query, LevelOf(frame)), grant_id);
        else if (frame->outer == nullptr && frame->statement != nullptr)
            NotePaid(frame->statement, grant_id);
    if (starting != nullptr)
        NotePaid(StatementRecordOf(starting, GetCurrentTransactionNestLevel()), grant_id);
}

// A portal whose rows a COMMIT has put aside.
struct PaidCursor {
    PaidCursor* next;
    Portal portal;
    TimestampTz created;    // together with its address it tells a portal from all others
    char name[NAMEDATALEN];
    int64_t grant_id;
};

PaidCursor* paid_cursors = nullptr;

bool IsPortal(const PaidCursor* held, Portal portal) { return held->portal == portal && held->created == portal->creation_time; }

void ForgetClosed() {
    for (PaidCursor** link = &paid_cursors; *link != nullptr;) {
        PaidCursor* held = *link;
        Portal now = GetPortalByName(held->name);
        if (PortalIsValid(now) && IsPortal(held, now)) {
            link = &held->next;
        } else {
            *link = held->next;
            pfree(held);
        }
    }
}

bool HasPaid(Portal portal, int64_t grant_id) {
    if (!PortalIsValid(portal))
        return false;
    for (const PaidCursor* held = paid_cursors; held != nullptr; held = held->next)
        if (held->grant_id == grant_id && IsPortal(held, portal))
            return true;
    return portal->queryDesc != nullptr && HasPaid(FindStatementRecord(portal->queryDesc), grant_id);
}

bool UseIsSpent(int64_t grant_id) {
    for (const Frame* frame = current_frame; frame != nullptr; frame = frame->outer)
        if (HasPaid(frame->query != nullptr ? FindStatementRecord(frame->query) : frame->statement, grant_id) || HasPaid(frame->resumed, grant_id))
            return true;
    return HasPaid(StartingRecord(), grant_id);
}

// --- the recorder's action ---

bool OnlyExplains() {
    const Node* utility = CurrentUtility();
    if (utility == nullptr || !IsA(utility, ExplainStmt))
        return false;
    bool analyzes = false;
    ListCell* cell;
    foreach (cell, reinterpret_cast<const ExplainStmt*>(utility)->options) {
        DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, "analyze") == 0)
            analyzes = defGetBoolean(option);
    }
    return !analyzes;
}

// Whether the checked access is the first that owes a use of its grant.
bool Owes(const CheckedAccess* checked, int i) {
    for (int j = 0; j < i; j++)
        if (checked[j].owes_use && checked[j].grant_id == checked[i].grant_id)
            return false;
    return checked[i].owes_use;
}

// Whether the row of one stands for the other, too.
bool StandsFor(const CheckedAccess& a, const CheckedAccess& b) {
    return a.access.relation == b.access.relation && a.access.command == b.access.command && a.event == b.event && a.grant_id == b.grant_id &&
           a.policy == b.policy && Covers(a.access.touched, b.access.touched);
}

// Whether the checked access has no access record yet, and none of those before it makes one.
bool IsNewAccess(StatementRecord* statement, const CheckedAccess* checked, int i) {
    for (int j = 0; j < i; j++)
        if (checked[j].audited && StandsFor(checked[j], checked[i]))
            return false;
    return checked[i].audited && FindAccessRecord(statement, &checked[i]) == nullptr;
}

void AppendAccess(StringInfo json, const CheckedAccess* checked_access) {
    bool of_relation = checked_access->access.command != Command::Create && checked_access->access.command != Command::Admin;
    appendStringInfo(json, "{\"event\":\"%s\",\"command\":\"%s\",\"relation\":%u,\"grant\":%lld,\"policy_version\":%d,\"policy_name\":",
                     NameOf(checked_access->event), NameOf(checked_access->access.command),
                     of_relation ? checked_access->access.relation : InvalidOid, (long long)checked_access->grant_id,
                     checked_access->policy->version);
    escape_json(json, checked_access->policy->name);
    appendStringInfoString(json, ",\"schema\":");
    escape_json(json, NameStr(checked_access->policies->schema_name));
    appendStringInfoString(json, ",\"name\":");
    escape_json(json, NameStr(checked_access->policies->relation_name));
    if (checked_access->columns != nullptr)
        appendStringInfo(json, ",\"columns\":%s", checked_access->columns);
    appendStringInfoChar(json, '}');
}

// *recorded: of how many checked accesses the rows are in it. Those that do not fit beside the statement's text are recorded as ever, after the uses
// are spent.
char* BuildArguments(StatementRecord* statement, const CheckedAccess* checked, int count, int text_bytes, int* recorded) {
    constexpr int most_line_bytes = 2000 + most_columns_bytes;
    int most_bytes = int(most_entry_bytes - sizeof(EntryHeader)) - text_bytes - most_line_bytes - 100;
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoString(&json, "{\"grants\":[");
    const char* separator = "";
    for (int i = 0; i < count; i++)
        if (Owes(checked, i)) {
            appendStringInfo(&json, "%s%lld", separator, (long long)checked[i].grant_id);
            separator = ",";
        }
    appendStringInfoString(&json, "],\"lines\":[");
    separator = "";
    for (*recorded = 0; statement != nullptr && *recorded < count && json.len < most_bytes; ++*recorded)
        if (IsNewAccess(statement, checked, *recorded)) {
            appendStringInfoString(&json, separator);
            AppendAccess(&json, &checked[*recorded]);
            separator = ",";
        }
    appendStringInfoString(&json, "]}");
    return json.data;
}

void EnterAccess(AccessRecord* record) {
    record->ends = record->stands = true;
    record->promised = TakePromise();
}

void EnterAccesses(StatementRecord* statement, const CheckedAccess* checked, int recorded) {
    for (int i = 0; i < recorded; i++) {
        if (!checked[i].audited)
            continue;
        if (AccessRecord* record = FindAccessRecord(statement, &checked[i]))
            record->executions++;
        else
            EnterAccess(NewAccessRecord(statement, &checked[i]));
    }
}

// What has to be entered in the statement record when the spending may have been done.
struct Spending {
    StatementRecord* statement;
    const CheckedAccess* checked;
    int recorded;
};

// Called when the spending may have been done: the statement ends with the error, and its rows, if they were written, have their outcome.
void EnterInDoubt(void* argument) {
    const Spending* spending = static_cast<const Spending*>(argument);
    if (spending->statement != nullptr)
        EnterAccesses(spending->statement, spending->checked, spending->recorded);
}

void RequirePrimary() {
    if (RecoveryInProgress())
        ereport(ERROR, (errcode(error_unavailable), errmsg("a grant of a limited number of uses cannot be used on a standby"),
                        errhint("Run the statement on the primary.")));
}

}    // namespace

bool OwesUse(const Decision* decision) { return decision->cost == UseCost::OneUse && !IsMonitored(decision) && !OnlyExplains(); }

int SpendUses(QueryDesc* query, StatementRecord* statement, const CheckedAccess* checked, int count) {
    RequirePrimary();
    RememberActors();
    AuditFields fields;
    int recorded;
    ActionRequest action = {"spend", nullptr, &fields, nullptr, 0, false, true};
    DescribeStatement(query, &fields, &action.text, &action.text_length);
    action.arguments = BuildArguments(statement, checked, count, KeptLength(action.text, action.text_length), &recorded);
    fields.query_id = statement == nullptr ? 0 : statement->query_id;
    Spending spending = {statement, checked, recorded};
    action.in_doubt = EnterInDoubt;
    action.argument = &spending;
    if (RunAction(&action) != nullptr)
        return -1;
    for (int i = 0; i < count; i++)
        if (checked[i].owes_use)
            NotePaidByAll(query, checked[i].grant_id);
    if (statement != nullptr)
        EnterAccesses(statement, checked, recorded);
    return recorded;
}

bool DeferUses(QueryDesc* query) {
    if (current_frame != nullptr)
        return false;
    StatementRecordOf(query, GetCurrentTransactionNestLevel())->deferred = has_deferred = true;
    return true;
}

bool WasDeferred(const QueryDesc* query) {
    const StatementRecord* statement = FindStatementRecord(query);
    return statement != nullptr && statement->deferred;
}

void EndDeferral(const QueryDesc* query) { FindStatementRecord(query)->deferred = false; }

void KeepPaid(const StatementRecord* statement) {
    Portal portal = ActivePortal;
    bool held = portal != nullptr && portal->holdStore != nullptr && portal->queryDesc == nullptr && (portal->cursorOptions & CURSOR_OPT_HOLD);
    if (!held)
        return;
    ForgetClosed();
    for (int i = 0; i < statement->paid_count; i++) {
        PaidCursor* cursor = static_cast<PaidCursor*>(MemoryContextAlloc(TopMemoryContext, sizeof(PaidCursor)));
        cursor->next = paid_cursors;
        cursor->portal = portal;
        cursor->created = portal->creation_time;
        strlcpy(cursor->name, portal->name, sizeof cursor->name);
        cursor->grant_id = statement->paid[i];
        paid_cursors = cursor;
    }
}

void CountUses() { use_is_spent = UseIsSpent; }

}    // namespace warrant
