#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/process.hpp"
#include "pg/settings.hpp"
#include "pg/transaction_end.hpp"
#include "pg/wait.hpp"
#include "rules/commands.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "queue/guards.hpp"
#include "queue/log_line.hpp"
#include "queue/origin.hpp"
#include "queue/rate.hpp"
#include "queue/ring.hpp"
#include "queue/shared.hpp"
#include "gate/check/refusal_error.hpp"
#include "gate/defence/cluster.hpp"

namespace warrant {

namespace {

constexpr Guarded unguarded = {nullptr, nullptr, Event::RoleChanged, false};

using Describe = void (*)(StringInfo, Node*);

// A change of this transaction, complete, so that its end has only to send it.
struct Change {
    Change* next;
    SubTransactionId made_in;
    EntryHeader header;
    EntryParts parts;
};

// The latest change comes first. In TopTransactionContext.
Change* changes = nullptr;

Guarded FindGuarded(Node* utility, bool top_level) {
    switch (nodeTag(utility)) {
        case T_GrantRoleStmt:
        case T_CreateRoleStmt:
        case T_AlterRoleStmt:
        case T_DropRoleStmt:
        case T_DropOwnedStmt:
        case T_ReassignOwnedStmt: return GuardedRolesOf(utility, top_level);
        case T_AlterSystemStmt:
        case T_VariableSetStmt:
        case T_AlterDatabaseSetStmt: return GuardedSettingsOf(utility);
        case T_AlterDatabaseStmt:
        case T_DropdbStmt:
        case T_CreatedbStmt: return GuardedDatabasesOf(utility);
        case T_AlterRoleSetStmt: {
            Guarded setting = GuardedSettingsOf(utility);
            return setting.object != nullptr ? setting : GuardedRolesOf(utility, top_level);
        }
        case T_AlterOwnerStmt:
            return reinterpret_cast<AlterOwnerStmt*>(utility)->objectType == OBJECT_DATABASE ? GuardedRolesOf(utility, top_level) : unguarded;
        case T_RenameStmt:
            switch (reinterpret_cast<RenameStmt*>(utility)->renameType) {
                case OBJECT_ROLE: return GuardedRolesOf(utility, top_level);
                case OBJECT_DATABASE: return GuardedDatabasesOf(utility);
                default: return unguarded;
            }
        default: return unguarded;
    }
}

Describe DescriptionOf(const Node* utility) {
    switch (nodeTag(utility)) {
        case T_AlterSystemStmt:
        case T_VariableSetStmt:
        case T_AlterRoleSetStmt:
        case T_AlterDatabaseSetStmt: return DescribeSettings;
        case T_AlterDatabaseStmt:
        case T_DropdbStmt:
        case T_CreatedbStmt: return DescribeDatabases;
        case T_RenameStmt: return reinterpret_cast<const RenameStmt*>(utility)->renameType == OBJECT_DATABASE ? DescribeDatabases : DescribeRoles;
        default: return DescribeRoles;
    }
}

// Waits until each recorder has told what its gate depends on: that takes a moment after a start, and after the commit of a definition.
void AwaitGuards() {
    constexpr long nap_ms = 10;
    for (long waited = 0; !GuardsAreKnown(); waited += nap_ms) {
        if (waited >= settings.audit_timeout_ms)
            ereport(ERROR, (errcode(error_unavailable), errmsg("the gate does not know yet what it depends on"),
                            errdetail("Some database with the extension has no recorder yet that could tell."),
                            errhint("A superuser can run this command; warrant.status() tells what is missing.")));
        WaitOnLatch(WaitsFor::Workers, nap_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

// Waits until each database with the extension has its slot, and with it a place for the row of a command, which takes a moment after a start.
// Who may do everything is delayed, never refused.
void AwaitSlots() {
    constexpr long nap_ms = 10, most_ms = 5000;
    constexpr int start_ms = 60000;
    bool starting = !TimestampDifferenceExceeds(PgStartTime, GetCurrentTimestamp(), start_ms) && !RecoveryInProgress();
    for (long waited = 0; starting && !shared->looked_at_all && waited < most_ms; waited += nap_ms) {
        WaitOnLatch(WaitsFor::Workers, nap_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

char* DescribeCommand(Node* utility) {
    StringInfoData words;
    initStringInfo(&words);
    appendStringInfo(&words, "%s", GetCommandTagName(CreateCommandTag(utility)));
    DescriptionOf(utility)(&words, utility);
    return words.data;
}

void FillRecord(EntryHeader* header, EntryParts* parts, Event event, const char* comment) {
    *header = EntryHeader{};
    header->kind = EntryKind::Audit;
    header->fields.event = event;
    header->fields.occurred_at = GetCurrentTimestamp();
    header->fields.xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    PrepareOrigin();
    FillOrigin(&header->origin);
    RememberNames(&header->origin);
    constexpr int most_comment_bytes = 8192;
    *parts = EntryParts{};
    parts->arguments = comment;
    parts->arguments_size = uint32_t(pg_mbcliplen(comment, int(strlen(comment)), most_comment_bytes));
}

void Forget(SubTransactionId made_since) {
    while (changes != nullptr && changes->made_in >= made_since)
        changes = changes->next;
}

void OnTransaction(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
        for (Change* change = changes; change != nullptr; change = change->next)
            EnqueueEverywhere(&change->header, &change->parts);
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
        changes = nullptr;
}

void OnSubtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB)
        Forget(mine);
}

[[noreturn]] void RefuseGuarded(const Guarded* guarded, Node* utility, const ActingUser* other) {
    if (AwaitTurn(CurrentSubject())) {
        EntryHeader header;
        EntryParts parts;
        FillRecord(&header, &parts, Event::Refused, DescribeCommand(utility));
        EnqueueEverywhere(&header, &parts);
    }
    ereport(ERROR, (errcode(error_refused), errmsg("%s is guarded by the gate", guarded->object), errdetail("%s%s", guarded->detail, WhoActs(other)),
                    errhint("A superuser, or a member of a role in \"pg_warrant.admin_roles\", can change it.")));
}

}    // namespace

const char* Quoted(const char* name) {
    bool all = quote_all_identifiers;
    quote_all_identifiers = false;
    const char* quoted = quote_identifier(name);
    quote_all_identifiers = all;
    return quoted;
}

bool IsGateAdministrator(Oid subject) {
    if (superuser_arg(subject))
        return true;
    List* names = NamesIn(settings.admin_roles);
    ListCell* cell;
    foreach (cell, names) {
        Oid role = get_role_oid(static_cast<char*>(lfirst(cell)), true);
        if (OidIsValid(role) && is_member_of_role_nosuper(subject, role))
            return true;
    }
    return false;
}

bool AreAdministrators(ActingUser* other) {
    *other = ActingUser{};
    return IsGateAdministrator(CurrentSubject()) && !FindActorWithout(other, CurrentSubject(), IsGateAdministrator);
}

Guarded CheckCluster(Node* utility, bool top_level) {
    if (is_own_worker || !IsTransactionState())
        return unguarded;
    Guarded guarded = FindGuarded(utility, top_level);
    if (guarded.object == nullptr && !guarded.needs_known)
        return guarded;
    ActingUser other;
    if (AreAdministrators(&other)) {
        AwaitSlots();
        // The slots that have come meanwhile may tell that it is guarded.
        return guarded.object != nullptr ? guarded : FindGuarded(utility, top_level);
    }
    if (guarded.object == nullptr) {
        AwaitGuards();
        guarded = FindGuarded(utility, top_level);
    }
    if (guarded.object != nullptr)
        RefuseGuarded(&guarded, utility, &other);
    return unguarded;
}

// Puts the latest change first: what a subtransaction takes back stands before what stays.
void NoteChange(const Guarded* guarded, Node* utility) {
    // A command may have ended the transaction itself.
    if (!IsTransactionState())
        return;
    (void)ListenForEnds<OnTransaction, OnSubtransaction>();
    MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
    Change* change = static_cast<Change*>(palloc(sizeof(Change)));
    FillRecord(&change->header, &change->parts, guarded->event, DescribeCommand(utility));
    change->made_in = GetCurrentSubTransactionId();
    change->next = changes;
    changes = change;
    MemoryContextSwitchTo(caller);
}

}    // namespace warrant
