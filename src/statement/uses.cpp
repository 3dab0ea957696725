#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/frame.hpp"
#include "pg/room.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governance.hpp"
#include "rules/policies.hpp"
#include "rules/uses.hpp"
#include "queue/actions.hpp"
#include "queue/entry.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/ring.hpp"
#include "statement/ledger.hpp"
#include "statement/uses.hpp"

namespace warrant {

namespace {

// --- what is paid ---

bool HasPaid(const Statement* statement, int64_t grant_id) {
    for (int i = 0; statement != nullptr && i < statement->paid_count; i++)
        if (statement->paid[i] == grant_id)
            return true;
    return false;
}

void NotePaid(Statement* statement, int64_t grant_id) {
    if (HasPaid(statement, grant_id))
        return;
    MakeRoom(&statement->paid, &statement->paid_room, statement->paid_count, 4);
    statement->paid[statement->paid_count++] = grant_id;
}

// The top-level statement has paid, and for a query that outlives it, a cursor's, it has too: that which starts, and those around it.
void NotePaidByAll(QueryDesc* starting, int64_t grant_id) {
    for (Frame* frame = CurrentFrame(); frame != nullptr; frame = frame->outer)
        if (frame->query != nullptr)
            NotePaid(LedgerOf(frame->query, LevelOf(frame)), grant_id);
        else if (frame->outer == nullptr && frame->statement != nullptr)
            NotePaid(frame->statement, grant_id);
    if (starting != nullptr)
        NotePaid(LedgerOf(starting, GetCurrentTransactionNestLevel()), grant_id);
}

// A portal whose rows a COMMIT has put aside.
struct Held {
    Held* next;
    Portal portal;
    TimestampTz created;       // together with its address it tells a portal from all others
    char name[NAMEDATALEN];
    int64_t grant_id;
};

Held* held_portals = nullptr;

bool IsPortal(const Held* held, Portal portal) { return held->portal == portal && held->created == portal->creation_time; }

void ForgetClosed() {
    for (Held** link = &held_portals; *link != nullptr;) {
        Held* held = *link;
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
    for (const Held* held = held_portals; held != nullptr; held = held->next)
        if (held->grant_id == grant_id && IsPortal(held, portal))
            return true;
    return portal->queryDesc != nullptr && HasPaid(FindLedger(portal->queryDesc), grant_id);
}

bool UseIsSpent(int64_t grant_id) {
    for (const Frame* frame = CurrentFrame(); frame != nullptr; frame = frame->outer)
        if (HasPaid(frame->query != nullptr ? FindLedger(frame->query) : frame->statement, grant_id) || HasPaid(frame->resumed, grant_id))
            return true;
    return HasPaid(StartingLedger(), grant_id);
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

// The first that owes for its grant.
bool Owes(const Verdict* verdicts, int i) {
    for (int j = 0; j < i; j++)
        if (verdicts[j].owes && verdicts[j].grant_id == verdicts[i].grant_id)
            return false;
    return verdicts[i].owes;
}

bool IsSameLine(const Verdict& a, const Verdict& b) {
    return a.access.relation == b.access.relation && a.access.command == b.access.command && a.event == b.event && a.grant_id == b.grant_id &&
           a.policy == b.policy;
}

// It has no line yet, and none of those before it makes one.
bool IsNewLine(Statement* statement, const Verdict* verdicts, int i) {
    for (int j = 0; j < i; j++)
        if (verdicts[j].audited && IsSameLine(verdicts[j], verdicts[i]))
            return false;
    return verdicts[i].audited && FindLine(statement, &verdicts[i]) == nullptr;
}

void AppendLine(StringInfo json, const Verdict* verdict) {
    bool of_relation = verdict->access.command != Command::Create && verdict->access.command != Command::Admin;
    appendStringInfo(json, "{\"event\":\"%s\",\"command\":\"%s\",\"relation\":%u,\"grant\":%lld,\"policy_version\":%d,\"policy_name\":",
                     NameOf(verdict->event), NameOf(verdict->access.command), of_relation ? verdict->access.relation : InvalidOid,
                     (long long)verdict->grant_id, verdict->policy->version);
    escape_json(json, verdict->policy->name);
    appendStringInfoString(json, ",\"schema\":");
    escape_json(json, NameStr(verdict->governance->schema_name));
    appendStringInfoString(json, ",\"name\":");
    escape_json(json, NameStr(verdict->governance->relation_name));
    appendStringInfoChar(json, '}');
}

// *recorded: of how many verdicts the lines are in it. What does not fit beside the statement's text is recorded as ever, after the uses are spent.
char* BuildArguments(Statement* statement, const Verdict* verdicts, int count, int text_bytes, int* recorded) {
    constexpr int most_line_bytes = 2000;
    int most_bytes = int(most_entry_bytes - sizeof(EntryHeader)) - text_bytes - most_line_bytes - 100;
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoString(&json, "{\"grants\":[");
    const char* separator = "";
    for (int i = 0; i < count; i++)
        if (Owes(verdicts, i)) {
            appendStringInfo(&json, "%s%lld", separator, (long long)verdicts[i].grant_id);
            separator = ",";
        }
    appendStringInfoString(&json, "],\"lines\":[");
    separator = "";
    for (*recorded = 0; statement != nullptr && *recorded < count && json.len < most_bytes; ++*recorded)
        if (IsNewLine(statement, verdicts, *recorded)) {
            appendStringInfoString(&json, separator);
            AppendLine(&json, &verdicts[*recorded]);
            separator = ",";
        }
    appendStringInfoString(&json, "]}");
    return json.data;
}

void EnterLine(Line* line) {
    line->ends = line->stands = true;
    line->promised = TakePromise();
}

void EnterLines(Statement* statement, const Verdict* verdicts, int recorded) {
    for (int i = 0; i < recorded; i++) {
        if (!verdicts[i].audited)
            continue;
        if (Line* line = FindLine(statement, &verdicts[i]))
            line->executions++;
        else
            EnterLine(NewLine(statement, &verdicts[i]));
    }
}

// What an action that may be done has to be told about it.
struct Spending {
    Statement* statement;
    const Verdict* verdicts;
    int recorded;
};

// The statement ends with the error, and its rows, if they were written, have their outcome.
void EnterInDoubt(void* argument) {
    const Spending* spending = static_cast<const Spending*>(argument);
    if (spending->statement != nullptr)
        EnterLines(spending->statement, spending->verdicts, spending->recorded);
}

void RequirePrimary() {
    if (RecoveryInProgress())
        ereport(ERROR, (errcode(error_unavailable), errmsg("a grant of a limited number of uses cannot be used on a standby"),
                        errhint("Run the statement on the primary.")));
}

}    // namespace

bool OwesUse(const Decision* decision) {
    return decision->price == Price::OneUse && !IsMonitored(decision) && !OnlyExplains();
}

int SpendUses(QueryDesc* query, Statement* statement, const Verdict* verdicts, int count) {
    RequirePrimary();
    RememberActors();
    AuditFields fields;
    int recorded;
    ActionRequest action = {"spend", nullptr, &fields, nullptr, 0, false, true};
    DescribeStatement(query, &fields, &action.text, &action.text_length);
    action.arguments = BuildArguments(statement, verdicts, count, KeptLength(action.text, action.text_length), &recorded);
    fields.query_id = statement == nullptr ? 0 : statement->query_id;
    Spending spending = {statement, verdicts, recorded};
    action.in_doubt = EnterInDoubt;
    action.argument = &spending;
    if (RunAction(&action) != nullptr)
        return -1;
    for (int i = 0; i < count; i++)
        if (verdicts[i].owes)
            NotePaidByAll(query, verdicts[i].grant_id);
    if (statement != nullptr)
        EnterLines(statement, verdicts, recorded);
    return recorded;
}

bool DeferUses(QueryDesc* query) {
    if (CurrentFrame() != nullptr)
        return false;
    LedgerOf(query, GetCurrentTransactionNestLevel())->deferred = has_deferred = true;
    return true;
}

bool WasDeferred(const QueryDesc* query) {
    const Statement* statement = FindLedger(query);
    return statement != nullptr && statement->deferred;
}

void EndDeferral(const QueryDesc* query) { FindLedger(query)->deferred = false; }

void KeepPaid(const Statement* statement) {
    Portal portal = ActivePortal;
    bool held = portal != nullptr && portal->holdStore != nullptr && portal->queryDesc == nullptr && (portal->cursorOptions & CURSOR_OPT_HOLD);
    if (!held)
        return;
    ForgetClosed();
    for (int i = 0; i < statement->paid_count; i++) {
        Held* kept = static_cast<Held*>(MemoryContextAlloc(TopMemoryContext, sizeof(Held)));
        kept->next = held_portals;
        kept->portal = portal;
        kept->created = portal->creation_time;
        strlcpy(kept->name, portal->name, sizeof kept->name);
        kept->grant_id = statement->paid[i];
        held_portals = kept;
    }
}

void CountUses() { use_is_spent = UseIsSpent; }

}    // namespace warrant
