#include "pg/server.hpp"

#include "pg/transaction_end.hpp"
#include "rules/presence.hpp"
#include "gate/kept_rows.hpp"

namespace warrant {

namespace {

struct StoredPortal {
    StoredPortal* next;
    Portal portal;
    TimestampTz created;       // together with its address it tells a portal from all others
    char name[NAMEDATALEN];
    List* stmts;               // the portal's, when it has its rows
    List* asking;              // and when it has not: our FETCH before them
    Tuplestorestate* rows;     // taken out; or nullptr
    MemoryContext context;     // theirs
    bool refused;              // our FETCH has failed, and the portal with it
};

StoredPortal* all_kept = nullptr;

StoredPortal* FindKept(Portal portal) {
    for (StoredPortal* kept = all_kept; kept != nullptr; kept = kept->next)
        if (kept->portal == portal && kept->created == portal->creation_time)
            return kept;
    return nullptr;
}

// Called at the end of the client's message, which may be the protocol's Execute or a fast-path call: those are no statements.
void OnMessageEnd(void* listening) {
    *static_cast<bool*>(listening) = false;
    PutRowsAside();
}

void NoteReach() {
    static bool listening = false;
    static MemoryContextCallback at_end = {OnMessageEnd, &listening, nullptr};
    rows_in_reach = true;
    if (listening || MessageContext == nullptr)
        return;
    MemoryContextRegisterResetCallback(MessageContext, &at_end);
    listening = true;
}

// Gives the portal its rows back; also called before the server drops the portal, or because the portal has failed.
void Restore(Portal portal) {
    StoredPortal* kept = FindKept(portal);
    if (kept == nullptr || kept->rows == nullptr)
        return;
    if (portal->holdStore != nullptr)    // made for what our FETCH would return
        tuplestore_end(portal->holdStore);
    if (portal->holdContext != nullptr)
        MemoryContextDelete(portal->holdContext);
    portal->holdStore = kept->rows;
    portal->holdContext = kept->context;
    portal->stmts = kept->stmts;
    portal->strategy = PORTAL_ONE_SELECT;
    portal->cleanup = nullptr;
    kept->rows = nullptr;
    kept->refused = portal->status == PORTAL_FAILED;
    NoteReach();
}

// Whether the portal can do without its rows: a portal that is running, or whose COMMIT is, keeps them.
bool IsAtRest(const StoredPortal* kept) {
    const PortalData* portal = kept->portal;
    return (portal->status == PORTAL_READY || kept->refused) && portal->holdStore != nullptr && portal->queryDesc == nullptr &&
           portal->createSubid == InvalidSubTransactionId;
}

void TakeOut(StoredPortal* kept) {
    Portal portal = kept->portal;
    kept->rows = portal->holdStore;
    kept->context = portal->holdContext;
    kept->refused = false;
    portal->holdStore = nullptr;
    portal->holdContext = nullptr;
    portal->stmts = kept->asking;
    portal->strategy = PORTAL_UTIL_SELECT;
    portal->cleanup = Restore;
    portal->status = PORTAL_READY;    // also after our FETCH has failed, as when the client's fails before the portal is touched
}

bool IsOver(const StoredPortal* kept) {
    Portal now = GetPortalByName(kept->name);
    return now != kept->portal || now->creation_time != kept->created || (now->status == PORTAL_FAILED && !kept->refused);
}

// Puts rows aside at the end of a transaction: a procedure's loop goes on after its COMMIT or ROLLBACK without another statement.
void OnEnd(XactEvent event, void*) {
    if ((event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT) && rows_in_reach)
        PutRowsAside();
}

// Puts rows aside at a rollback to a savepoint: a function may go on after it has caught a refusal.
void OnRollback(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB && rows_in_reach)
        PutRowsAside();
}

// A FETCH of ours counts no rows of its own, and what a client is told about the portal's columns comes from the portal's query.
PlannedStmt* FetchFrom(const char* name) {
    FetchStmt* fetch = makeNode(FetchStmt);
    fetch->direction = FETCH_FORWARD;
    fetch->portalname = pstrdup(name);
    PlannedStmt* plan = makeNode(PlannedStmt);
    plan->commandType = CMD_UTILITY;
    plan->utilityStmt = reinterpret_cast<Node*>(fetch);
    plan->stmt_location = -1;
    return plan;
}

}    // namespace

void NoteKeptRows(const QueryDesc* query) {
    Portal portal = ActivePortal;
    bool keeps = portal != nullptr && portal->queryDesc == query && portal->holdStore != nullptr && portal->strategy == PORTAL_ONE_SELECT;
    if (!keeps || !GateIsPresent())
        return;
    (void)ListenForEnds<OnEnd, OnRollback>();
    MemoryContext caller = MemoryContextSwitchTo(portal->portalContext);
    // The server releases the statements of a cached plan, but not the portal's own.
    List* stmts = portal->cplan == nullptr ? portal->stmts : list_make1(copyObjectImpl(query->plannedstmt));
    List* asking = lcons(FetchFrom(portal->name), list_copy(stmts));
    MemoryContextSwitchTo(caller);
    StoredPortal* kept = static_cast<StoredPortal*>(MemoryContextAllocZero(TopMemoryContext, sizeof(StoredPortal)));
    kept->next = all_kept;
    kept->portal = portal;
    kept->created = portal->creation_time;
    strlcpy(kept->name, portal->name, sizeof kept->name);
    kept->stmts = stmts;
    kept->asking = asking;
    all_kept = kept;
    NoteReach();
}

void PutRowsAside() {
    rows_in_reach = false;
    for (StoredPortal** link = &all_kept; *link != nullptr;) {
        StoredPortal* kept = *link;
        if (IsOver(kept)) {
            *link = kept->next;
            pfree(kept);
            continue;
        }
        if (kept->rows == nullptr && IsAtRest(kept))
            TakeOut(kept);
        rows_in_reach = rows_in_reach || kept->rows == nullptr;
        link = &kept->next;
    }
}

bool GiveRowsBack(const FetchStmt* fetch) {
    Portal portal = GetPortalByName(fetch->portalname);
    const StoredPortal* kept = PortalIsValid(portal) ? FindKept(portal) : nullptr;
    if (kept == nullptr || kept->rows == nullptr)
        return false;
    Restore(portal);
    return portal->status == PORTAL_ACTIVE;    // in the middle of the fetch that began it
}

}    // namespace warrant
