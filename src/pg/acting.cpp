#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/leader.hpp"
#include "pg/room.hpp"

namespace warrant {

ActingUser* acting_users = nullptr;

namespace {

constexpr int servers_flags = SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS;    // the server alone sets these; SECURITY DEFINER sets others
int acting_room = 0;
int function_depth = 0;

ActingUser* Top() { return acting_count == 0 ? nullptr : &acting_users[acting_count - 1]; }

bool IsTop(Oid user, int context) { return acting_count > 0 && Top()->user == user && Top()->context == context; }

void Push(const ActingUser& acting) {
    MakeRoom(&acting_users, &acting_room, acting_count, 16);
    acting_users[acting_count++] = acting;
}

// The place in the stack from which on users act inside the innermost frame; those below it act around that frame, and so around what runs now.
int Floor() {
    const Frame* frame = current_frame;
    return frame == nullptr ? 0 : frame->acting;
}

// Drops the server's switches of the innermost frame and function that are over: a security context only gains flags on the way in.
void DropEnded(int context) {
    int floor = Floor();
    while (acting_count > floor && Top()->by_server && !Top()->fired && Top()->depth >= function_depth &&
           ((Top()->context & ~context) != 0 || Top()->transaction != MyTransactionNumber()))
        acting_count--;
}

bool IsNoted(Oid user, int context) {
    for (int i = acting_count - 1, floor = Floor(); i >= floor && acting_users[i].depth >= function_depth; i--)
        if (acting_users[i].user == user && acting_users[i].context == context)
            return true;
    return false;
}

const Node* UtilityAround() {
    const Frame* frame = current_frame;
    while (frame != nullptr && frame->utility == nullptr)
        frame = frame->outer;
    return frame == nullptr ? nullptr : frame->utility;
}

// Whether the server runs the session's own words as somebody else: those of CREATE SCHEMA, or an extension's script, which is a file of the server.
bool RunsOwnWords(int context) {
    const Node* around = nullptr;
    for (const Frame* frame = current_frame; frame != nullptr && around == nullptr; frame = frame->outer) {
        bool itself = frame == current_frame && frame->outer != nullptr && frame->outer->utility != nullptr;
        around = itself ? frame->outer->utility : frame->utility;
    }
    if ((context & servers_flags) != 0 || around == nullptr)
        return false;
    return IsA(around, CreateSchemaStmt) || (creating_extension && (IsA(around, CreateExtensionStmt) || IsA(around, AlterExtensionStmt)));
}

const char* OperationNow(int context) {
    if ((context & SECURITY_NOFORCE_RLS) != 0)
        return "a foreign key's action";
    if (MyBackendType == B_AUTOVAC_WORKER)
        return "autovacuum";
    const Node* utility = UtilityAround();
    switch (utility == nullptr ? T_Invalid : nodeTag(utility)) {
        case T_VacuumStmt:
        case clustering_node:
        case T_ReindexStmt:
        case T_IndexStmt:
        case T_RefreshMatViewStmt:
        case T_AlterTableStmt: return GetCommandTagName(CreateCommandTag(const_cast<Node*>(utility)));
        default: return "the server";
    }
}

ActingUser ByServer(Oid user, int context, int depth) {
    return ActingUser{user, context, true, RunsOwnWords(context), InvalidOid, OperationNow(context), depth, MyTransactionNumber(), false, false};
}

// What the leader of this parallel worker tells; nullptr when it told nothing.
const LeadersActing* Told() {
    int leader = LeaderProcessIndex();
    const LeadersActing* told = leader < 0 ? nullptr : place_for_workers(leader);
    return told != nullptr && told->pid == MyProc->lockGroupLeader->pid ? told : nullptr;
}

// Notes through whom a parallel worker came where it is, before anything else is noted in it.
void NoteLeaders(int context) {
    const LeadersActing* told = Told();
    for (int i = 0; told != nullptr && i < told->count; i++) {
        bool named = i < LeadersActing::most;
        const auto& user = told->users[named ? i : LeadersActing::most - 1];
        Push(ActingUser{named ? user.user : InvalidOid, user.context, user.by_server || !named, user.passes && named, user.function, "the server", 0,
                        MyTransactionNumber(), user.fired || !named, false});
    }
    bool several = (context & servers_flags) != 0 && (context & SECURITY_LOCAL_USERID_CHANGE) != 0;
    if (told == nullptr && several)
        Push(ActingUser{InvalidOid, context, true, false, InvalidOid, "the server", 0, MyTransactionNumber(), false, false});
}

// Drops switches to other users under these flags, which are over: a command takes one relation after the other, and what could switch within the
// work on one relation, a function or a statement, the server tells of.
void DropBefore(Oid user, int context) {
    int floor = Floor();
    while (acting_count > floor && Top()->by_server && !Top()->fired && Top()->depth >= function_depth && Top()->context == context &&
           Top()->user != user && OidIsValid(Top()->user))
        acting_count--;
}

void NoteAt(Oid user, int context, int depth) {
    DropEnded(context);
    DropBefore(user, context);
    if (acting_count == 0 && IsParallelWorker())
        NoteLeaders(context);
    if (!IsTop(user, context) && !IsNoted(user, context))
        Push(ByServer(user, context, depth));
}

bool IsDefiner(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    bool definer = !HeapTupleIsValid(tuple) || Form_pg_proc(GETSTRUCT(tuple))->prosecdef;
    if (HeapTupleIsValid(tuple))
        ReleaseSysCache(tuple);
    return definer;
}

// Notes a SECURITY DEFINER function. Its owner is the current user already, and its caller is not to be seen: where nothing told of the server's
// switch, nobody can say to whom it was.
void NoteDefiner(Oid user, int context, Oid function, bool own) {
    DropEnded(context);
    if (acting_count == 0 && IsParallelWorker())
        NoteLeaders(0);
    int around = acting_count == 0 ? 0 : Top()->context;
    if ((context & servers_flags & ~around) != 0)
        Push(ByServer(InvalidOid, context & servers_flags, function_depth));
    if (!IsTop(user, context))
        Push(ActingUser{user, context, false, own, function, nullptr, function_depth + 1, MyTransactionNumber(), false, false});
}

}    // namespace

// How many act without a security context: those for whom a trigger fires do, with all that stand below them.
static int FiredNow() {
    if (acting_count == 0 && IsParallelWorker())
        NoteLeaders(0);
    DropEnded(0);
    for (int i = 0; i < acting_count; i++)
        if (acting_users[i].fired)
            return acting_count;
    return 0;
}

void NoteSwitched(Oid user, int context) { NoteAt(user, context, function_depth); }

int ActingNow() {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    if (likely(context == 0))
        return likely(acting_count == 0 && !IsParallelWorker()) ? 0 : FiredNow();
    NoteSwitched(user, context);
    return acting_count;
}

bool SwitchedForKey(int since) {
    int count = ActingNow();
    return count > since && (Top()->context & SECURITY_NOFORCE_RLS) != 0 && Top()->by_server;
}

bool InsideDefiner() { return ActingNow() > 0 && !Top()->by_server && !Top()->fired; }

int TellWorkers() {
    int before = told_workers;
    LeadersActing* told = place_for_workers(MyProcessIndex());
    for (int i = 0; i < acting_count && i < LeadersActing::most; i++) {
        const ActingUser& acting = acting_users[i];
        told->users[i] = {acting.user, acting.context, acting.function, acting.by_server, acting.passes, acting.fired};
    }
    told->pid = MyProcPid;
    told->count = told_workers = acting_count;
    return before;
}

// Takes up the number that was told before: users that acted before stand below those that came to the stack since.
void TellWorkersAgain(int before) { place_for_workers(MyProcessIndex())->count = told_workers = before; }

void EnterFunction(Oid function, bool own) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    if (context != 0) {
        if ((context & SECURITY_LOCAL_USERID_CHANGE) != 0 && IsDefiner(function))
            NoteDefiner(user, context, function, own);
        else
            NoteAt(user, context, function_depth + 1);
    }
    function_depth++;
}

void LeaveFunction() {
    while (acting_count > 0 && Top()->depth >= function_depth)
        acting_count--;
    if (function_depth > 0)
        function_depth--;
}

static bool FiresAlready(ActingUser* acting) {
    for (int i = acting_count - 1; i >= 0 && acting_users[i].depth >= function_depth; i--)
        if (acting_users[i].fired && acting_users[i].user == acting->user) {
            acting_users[i].by_server |= acting->by_server;
            return true;
        }
    return false;
}

void EnterFired(ActingUser acting) {
    if (FiresAlready(&acting))
        return;
    Oid user;
    GetUserIdAndSecContext(&user, &acting.context);
    acting.depth = function_depth;
    acting.transaction = MyTransactionNumber();
    acting.fired = true;
    acting.chosen = acting.user == GetOuterUserId();
    bool definer = acting_count > 0 && Top()->depth >= function_depth && !Top()->by_server && !Top()->fired;
    ActingUser own = definer ? *Top() : ActingUser{};
    acting_count -= definer;
    Push(acting);
    if (definer)
        Push(own);
}

}    // namespace warrant
