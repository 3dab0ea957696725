#include "pg/server.hpp"

#include "pg/transaction_end.hpp"
#include "rules/presence.hpp"
#include "gate/kept_rows.hpp"

namespace warrant {

namespace {

struct StoredPortal {
    StoredPortal* next;
    Portal portal;
    // Together with its address it tells a portal from all others.
    TimestampTz created;
    char name[NAMEDATALEN];
    // The portal's statements while it has its rows.
    List* stmts;
    // The portal's statements while it has no rows: our FETCH, and behind it stmts.
    List* asking;
    // What was taken out of the portal, or nullptr, and the memory that it is in.
    Tuplestorestate* rows;
    MemoryContext context;
    // Our FETCH has failed, and the portal with it.
    bool refused;
};

StoredPortal* stored_portals = nullptr;

StoredPortal* FindStored(Portal portal) {
    for (StoredPortal* stored = stored_portals; stored != nullptr; stored = stored->next)
        if (stored->portal == portal && stored->created == portal->creation_time)
            return stored;
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
    StoredPortal* stored = FindStored(portal);
    if (stored == nullptr || stored->rows == nullptr)
        return;
    // The server has made a store for what our FETCH would return.
    if (portal->holdStore != nullptr)
        tuplestore_end(portal->holdStore);
    if (portal->holdContext != nullptr)
        MemoryContextDelete(portal->holdContext);
    portal->holdStore = stored->rows;
    portal->holdContext = stored->context;
    portal->stmts = stored->stmts;
    portal->strategy = PORTAL_ONE_SELECT;
    portal->cleanup = nullptr;
    stored->rows = nullptr;
    stored->refused = portal->status == PORTAL_FAILED;
    NoteReach();
}

// Whether the portal can do without its rows: a portal that is running, or whose COMMIT is, keeps them.
bool IsAtRest(const StoredPortal* stored) {
    const PortalData* portal = stored->portal;
    return (portal->status == PORTAL_READY || stored->refused) && portal->holdStore != nullptr && portal->queryDesc == nullptr &&
           portal->createSubid == InvalidSubTransactionId;
}

void TakeOut(StoredPortal* stored) {
    Portal portal = stored->portal;
    stored->rows = portal->holdStore;
    stored->context = portal->holdContext;
    stored->refused = false;
    portal->holdStore = nullptr;
    portal->holdContext = nullptr;
    portal->stmts = stored->asking;
    portal->strategy = PORTAL_UTIL_SELECT;
    portal->cleanup = Restore;
    // Also after our FETCH has failed: a FETCH of the client that is refused leaves the portal ready, too.
    portal->status = PORTAL_READY;
}

bool IsOver(const StoredPortal* stored) {
    Portal now = GetPortalByName(stored->name);
    return now != stored->portal || now->creation_time != stored->created || (now->status == PORTAL_FAILED && !stored->refused);
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
    StoredPortal* stored = static_cast<StoredPortal*>(MemoryContextAllocZero(TopMemoryContext, sizeof(StoredPortal)));
    stored->next = stored_portals;
    stored->portal = portal;
    stored->created = portal->creation_time;
    strlcpy(stored->name, portal->name, sizeof stored->name);
    stored->stmts = stmts;
    stored->asking = asking;
    stored_portals = stored;
    NoteReach();
}

void PutRowsAside() {
    rows_in_reach = false;
    for (StoredPortal** link = &stored_portals; *link != nullptr;) {
        StoredPortal* stored = *link;
        if (IsOver(stored)) {
            *link = stored->next;
            pfree(stored);
            continue;
        }
        if (stored->rows == nullptr && IsAtRest(stored))
            TakeOut(stored);
        rows_in_reach = rows_in_reach || stored->rows == nullptr;
        link = &stored->next;
    }
}

bool GiveRowsBack(const FetchStmt* fetch) {
    Portal portal = GetPortalByName(fetch->portalname);
    const StoredPortal* stored = PortalIsValid(portal) ? FindStored(portal) : nullptr;
    if (stored == nullptr || stored->rows == nullptr)
        return false;
    Restore(portal);
    // An active portal is in the middle of the fetch that began our FETCH.
    return portal->status == PORTAL_ACTIVE;
}

}    // namespace warrant
