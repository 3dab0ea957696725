#include "pg/server.hpp"

#include "pg/acting.hpp"
#include "pg/frame.hpp"
#include "pg/permissions.hpp"
#include "rules/access.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "gate/access/access.hpp"

namespace warrant {

Node* ExplainedUtility(const ExplainStmt* explain) {
    return IsA(explain->query, Query) ? reinterpret_cast<Query*>(explain->query)->utilityStmt : nullptr;
}

namespace {

constexpr AclMode write_modes = ACL_INSERT | ACL_UPDATE | ACL_DELETE;

// Whether reading the column needs approval.
bool ProtectsColumn(const GoverningPolicies* policies, const char* column) {
    auto protects = [policies, column](Oid user) {
        const Policy* policy = GoverningPolicy(policies, user, Command::Select, column);
        return policy != nullptr && policy->effect != Effect::Open && !policy->monitor;
    };
    Oid subject = CurrentSubject();
    ActingUser other;
    return protects(subject) && !FindActorWithout(&other, subject, protects);
}

// Whether reading the relation needs approval, whichever column is read, so that what is written to it stays protected.
bool Protects(const GoverningPolicies* policies) {
    return AllColumns(policies, [policies](const char* column) { return ProtectsColumn(policies, column); });
}

bool KeepsProtected(Oid relation) { return Protects(FindGoverningPolicies(relation)); }

// Whether it is a view whose rows are stored by its tables alone; an INSTEAD OF trigger may put them anywhere. The statement has locked the view.
bool StoresNothing(Oid relation) {
    if (get_rel_relkind(relation) != RELKIND_VIEW)
        return false;
    Relation view = table_open(relation, NoLock);
    const TriggerDesc* triggers = view->trigdesc;
    bool writes =
        triggers != nullptr && (triggers->trig_insert_instead_row || triggers->trig_update_instead_row || triggers->trig_delete_instead_row);
    table_close(view, NoLock);
    return !writes;
}

// Whether the columns belong to the part's key: their names lead from a partitioned table to its part.
bool ArePartOfKey(const Bitmapset* columns, Oid table, Oid part) {
    Bitmapset* mapped = nullptr;
    for (int column = -1; (column = bms_next_member(columns, column)) >= 0;) {
        char* name = get_attname(table, column + FirstLowInvalidHeapAttributeNumber, true);
        AttrNumber number = name == nullptr ? InvalidAttrNumber : get_attnum(part, name);
        if (number != InvalidAttrNumber)
            mapped = bms_add_member(mapped, number - FirstLowInvalidHeapAttributeNumber);
    }
    Relation opened = table_open(part, AccessShareLock);
    bool used_in_expression;
    bool found = has_partition_attrs(opened, mapped, &used_in_expression);
    table_close(opened, AccessShareLock);
    return found;
}

// Whether what needs approval to be read in the table needs it in its part, too.
bool KeepsWhatIsProtected(const GoverningPolicies* table, Oid part) {
    const GoverningPolicies* policies = FindGoverningPolicies(part);
    return AllColumns(table, [=](const char* column) { return !ProtectsColumn(table, column) || ProtectsColumn(policies, column); });
}

// Whether the update may carry rows from protected partitions into others: it assigns to a key of a table some of whose partitions are free.
bool MovesRowsOut(const Permission& permission) {
    if (permission.relation < FirstNormalObjectId)
        return false;
    const GoverningPolicies* policies = FindGoverningPolicies(permission.relation);
    if (policies->relkind != RELKIND_PARTITIONED_TABLE ||
        AllColumns(policies, [policies](const char* column) { return !ProtectsColumn(policies, column); }))
        return false;
    bool moves = false, keeps = true;
    ListCell* cell;
    foreach (cell, find_all_inheritors(permission.relation, NoLock, nullptr)) {
        if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_PARTITIONED_TABLE)
            moves = moves || ArePartOfKey(permission.updated, permission.relation, lfirst_oid(cell));
        else
            keeps = keeps && KeepsWhatIsProtected(policies, lfirst_oid(cell));
    }
    return moves && !keeps;
}

// Whether the statement refreshes a materialized view whose rows stay protected. The view's name is pinned.
bool RefreshKeepsProtected(const Node* utility) {
    if (utility == nullptr || !IsA(utility, RefreshMatViewStmt))
        return false;
    Oid view = RangeVarGetRelid(reinterpret_cast<const RefreshMatViewStmt*>(utility)->relation, NoLock, true);
    return OidIsValid(view) && KeepsProtected(view);
}

// Whether the statement creates a relation whose rows stay protected, told by the schema that the relation will be in.
bool IntoKeepsProtected(const Node* utility) {
    if (utility != nullptr && IsA(utility, ExplainStmt))
        utility = ExplainedUtility(reinterpret_cast<const ExplainStmt*>(utility));
    if (utility == nullptr || !IsA(utility, CreateTableAsStmt))
        return false;
    RangeVar* name = reinterpret_cast<const CreateTableAsStmt*>(utility)->into->rel;
    if (name->relpersistence == RELPERSISTENCE_TEMP)
        return false;
    return Protects(ReadSchemaGoverningPolicies(RangeVarGetCreationNamespace(name)));
}

// Whether it is the server's own lookup for a foreign key. A trigger fired from a cascade inherits the context flag, but not the other two marks.
bool IsIntegrityLookup(const QueryDesc* query, int eflags) {
    return InNoForceRLSOperation() && (eflags & EXEC_FLAG_SKIP_TRIGGERS) != 0 && query->dest->mydest == DestSPI && query->operation == CMD_SELECT &&
           !query->plannedstmt->hasModifyingCTE;
}

}    // namespace

static bool IsOfTheServer(const QueryDesc* query, int eflags) { return (eflags & EXEC_FLAG_SKIP_TRIGGERS) && query->dest->mydest == DestSPI; }

bool IsKeyAction(const QueryDesc* query, int eflags) { return IsOfTheServer(query, eflags) && SwitchedForKey(acting_before_start); }

// The utility statement whose frame is the innermost, or whose query is planned in it; nullptr when there is none.
static const Node* UtilityUnderWay() {
    const Frame* frame = current_frame;
    if (frame != nullptr && frame->kind == FrameKind::Planning && frame->outer != nullptr)
        frame = frame->outer;
    return frame == nullptr ? nullptr : frame->utility;
}

bool IsOfRefresh(Oid relation) {
    const Node* utility = UtilityUnderWay();
    if (utility == nullptr || !IsA(utility, RefreshMatViewStmt) || !reinterpret_cast<const RefreshMatViewStmt*>(utility)->concurrent)
        return false;
    return RangeVarGetRelid(reinterpret_cast<const RefreshMatViewStmt*>(utility)->relation, NoLock, true) == relation;
}

// Whether it is the server's own lookup for a foreign key without a plan, as 19 looks keys up: nothing else asks for a row's lock outside of plans.
bool IsIntegrityProbe(const List* permissions) {
    return InNoForceRLSOperation() && AllPermissions(permissions, [](const Permission& permission) {
               return permission.required == (ACL_SELECT | ACL_UPDATE) && !Updates(permission);
           });
}

namespace {

bool IsLeadersPlan(const QueryDesc* query) { return IsParallelWorker() && query->dest->mydest == DestTupleQueue; }

// Whom the server checks instead of the caller: the owner of the view around the relation, or of the SECURITY DEFINER function that runs. It
// is not who did SET ROLE, nor the owner of a table in whose name a foreign key's action writes.
Oid DefinerOf(const Permission& permission) {
    if (OidIsValid(permission.check_as_user))
        return permission.check_as_user;
    return InsideDefiner() ? GetUserId() : InvalidOid;
}

Oid TrustedDefinerOf(const Permission& permission) {
    Oid definer = DefinerOf(permission);
    if (!OidIsValid(definer) || permission.relation < FirstNormalObjectId)
        return InvalidOid;
    return MayTrustDefiner(FindGoverningPolicies(permission.relation), definer) ? definer : InvalidOid;
}

}    // namespace

TouchedColumns Both(const TouchedColumns& a, const TouchedColumns& b) {
    if (a.all || b.all)
        return TouchedColumns{};
    return TouchedColumns{false, a.some == b.some ? a.some : bms_union(a.some, b.some)};
}

static void AddOne(AccessList* list, const Access& access) {
    if (list->items == nullptr) {
        list->items = reinterpret_cast<Access*>(list->first);
        list->room = AccessList::most_at_first;
    }
    for (int i = 0; i < list->count; i++)
        if (list->items[i].definer == access.definer && IsSameAccess(list->items[i], access)) {
            list->items[i].touched = Both(list->items[i].touched, access.touched);
            list->items[i].implied = list->items[i].implied && access.implied;
            return;
        }
    if (list->count == list->room) {
        Access* more = static_cast<Access*>(palloc(2 * list->room * sizeof(Access)));
        memcpy(more, list->items, list->count * sizeof(Access));
        list->items = more;
        list->room *= 2;
    }
    list->items[list->count++] = access;
}

// Adds an access for each column that is decided about by itself. The names live as long as the list, the policies need not.
static void AddColumns(AccessList* list, const GoverningPolicies* policies, Access access, const TouchedColumns& touched) {
    for (int i = 0; i < policies->column_count; i++) {
        if (!Touches(policies->columns[i], touched))
            continue;
        access.column = pstrdup(NameStr(policies->columns[i].name));
        AddOne(list, access);
    }
}

void AddAccess(AccessList* list, Oid relation, Command command, Oid definer, TouchedColumns touched) {
    bool of_columns = ((commands_on_columns | commands_around_columns) & MaskOf(command)) != 0 && relation >= FirstNormalObjectId;
    const GoverningPolicies* policies = of_columns ? FindGoverningPolicies(relation) : nullptr;
    if (likely(policies == nullptr || policies->column_count == 0))
        return AddOne(list, Access{relation, command, definer, nullptr, touched});
    // A toast table has the values of whatever column.
    touched.all = touched.all || policies->relkind == RELKIND_TOASTVALUE;
    if (TouchesOthers(policies, touched))
        AddOne(list, Access{relation, command, definer, nullptr, touched});
    AddColumns(list, policies, Access{relation, command, definer}, touched);
}

// What a write reads of its target needs no SELECT, because what it writes stays as protected. That is so as long as one column is not more open than
// another, by a policy on columns, or by a grant on columns, as whoever examines the access finds out. A foreign key's own action tells nobody
// anything.
static void AddReads(AccessList* list, const Permission& permission, const PlanNotes& notes, Oid definer, bool exported) {
    bool shown = list_member_oid(notes.reads.shown, permission.relation) || (Updates(permission) && MovesRowsOut(permission));
    bool selects = (permission.required & ACL_SELECT) != 0;
    bool implied = !shown && Writes(permission) && list_member_oid(notes.reads.implied, permission.relation);
    if ((!selects && !shown) || (implied && notes.reads.of_key))
        return;
    implied = implied && FindGoverningPolicies(permission.relation)->column_count == 0;
    auto add = [&](Command command) {
        TouchedColumns touched = {shown, permission.selected};
        if (implied)
            AddOne(list, Access{permission.relation, command, definer, nullptr, touched, true});
        else
            AddAccess(list, permission.relation, command, definer, touched);
    };
    add(Command::Select);
    if (exported)
        add(Command::Export);
}

// Whether the query is that of a COPY, whose rows go to the caller, as a cursor's do.
static bool IsCopiedOut() {
    const Node* utility = UtilityUnderWay();
    return utility != nullptr && IsA(utility, CopyStmt);
}

static void AddOther(AccessList* list, const Permission& permission, bool exported) {
    Oid user = permission.check_as_user;
    bool stored = Writes(permission) || (exported && !IsCopiedOut());
    if (user == CurrentSubject() || user == GetOuterUserId() || (!stored && ActingNow() == 0))
        return;
    Oid target = HoldsSamples(permission.relation) ? MyDatabaseId : permission.relation;
    for (int i = 0; i < list->count; i++) {
        if (list->items[i].relation != target)
            continue;
        OwnerAccess* owner = static_cast<OwnerAccess*>(palloc(sizeof(OwnerAccess)));
        *owner = OwnerAccess{list->items[i], user, stored};
        owner->access.definer = InvalidOid;
        list->others = lappend(list->others, owner);
    }
}

static void AddPermissionItself(AccessList* list, const Permission& permission, const PlanNotes& notes, bool exported) {
    if (HoldsSamples(permission.relation) && permission.required != 0) {
        AddAccess(list, MyDatabaseId, Command::Admin);
        return;
    }
    Oid definer = TrustedDefinerOf(permission);
    AddReads(list, permission, notes, definer, exported);
    if (permission.required & ACL_INSERT)
        AddAccess(list, permission.relation, Command::Insert, definer, TouchedColumns{false, permission.inserted});
    if (permission.required & ACL_UPDATE) {
        bool updates = Updates(permission);
        AddAccess(list, permission.relation, updates ? Command::Update : Command::Lock, definer, TouchedColumns{!updates, permission.updated});
    }
    if (permission.required & ACL_DELETE)
        AddAccess(list, permission.relation, Command::Delete, definer);
    if (Updates(permission) && !list_member_oid(notes.writes.updates, permission.relation))
        AddAccess(list, permission.relation, Command::UpdateAll, definer, TouchedColumns{false, permission.updated});
    if ((permission.required & ACL_DELETE) && !list_member_oid(notes.writes.deletes, permission.relation))
        AddAccess(list, permission.relation, Command::DeleteAll, definer);
    // Planned statements know no other privilege today.
    if (permission.required & ~(ACL_SELECT | write_modes))
        AddAccess(list, MyDatabaseId, Command::Admin);
}

void AddPermission(AccessList* list, const Permission& permission, const PlanNotes& notes, bool exported) {
    AddPermissionItself(list, permission, notes, exported);
    if (OidIsValid(permission.check_as_user))
        AddOther(list, permission, exported);
}

void CollectAccesses(AccessList* list, List* permissions, const PlanNotes& notes, bool exported) {
    ForEachPermission(permissions, [&](const Permission& permission) { AddPermission(list, permission, notes, exported); });
}

bool WritesUnprotected(List* permissions) {
    bool found = false;
    ForEachPermission(permissions, [&found](const Permission& permission) {
        bool writes = (permission.required & ACL_INSERT) != 0 || Updates(permission);
        const GoverningPolicies* policies = writes && !found ? FindGoverningPolicies(permission.relation) : nullptr;
        if (policies != nullptr)
            found = Protects(policies) ? MovesRowsOut(permission) : !StoresNothing(permission.relation);
    });
    return found;
}

bool ExportsResult(const Node* utility) {
    switch (utility == nullptr ? T_Invalid : nodeTag(utility)) {
        case T_CopyStmt: return !reinterpret_cast<const CopyStmt*>(utility)->is_from;
        case T_CreateTableAsStmt: return !IntoKeepsProtected(utility);
        case T_RefreshMatViewStmt: return !RefreshKeepsProtected(utility);
        case T_ExplainStmt: return ExportsResult(ExplainedUtility(reinterpret_cast<const ExplainStmt*>(utility)));
        default: return false;
    }
}

bool Exports(const QueryDesc* query, List* permissions) {
    switch (query->dest->mydest) {
        case DestCopyOut: return true;
        case DestIntoRel: return !IntoKeepsProtected(CurrentUtility());
        // Since 17 CREATE MATERIALIZED VIEW has this destination, too.
        case DestTransientRel: return !RefreshKeepsProtected(CurrentUtility()) && !IntoKeepsProtected(CurrentUtility());
        // EXECUTE in CREATE TABLE AS starts a portal, which gets its receiver later.
        case DestNone: return WritesUnprotected(permissions) || ExportsResult(CurrentUtility());
        default: return WritesUnprotected(permissions);
    }
}

bool MustAsk(const QueryDesc* query, int eflags) { return !IsLeadersPlan(query) && !IsIntegrityLookup(query, eflags); }

}    // namespace warrant
