// VACUUM, ANALYZE, CLUSTER and REPACK, REINDEX, REFRESH MATERIALIZED VIEW: by name, of a schema, of the whole database.
#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "gate/access/access.hpp"
#include "gate/defence/own_tables.hpp"
#include "gate/utility/held_names.hpp"
#include "gate/utility/utility.hpp"

namespace warrant {

namespace {

bool HasOption(List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, name) == 0)
            return defGetBoolean(option);
    }
    return false;
}

// Whether the caller may vacuum the relation; the command itself leaves others out.
bool MayVacuum(Oid relation) { return MayMaintain(relation, GetUserId()) || OwnsDatabase(MyDatabaseId, GetUserId()); }

// What a command over many relations would touch; the gate's own are left out of the question.
template <class Chooses>
void NeedOfMany(AccessList* list, Chooses chooses) {
    List* relations = NIL;
    ForEachRelation([&](Form_pg_class row) {
        if (chooses(row))
            relations = lappend_oid(relations, row->oid);
    });
    NeedOfEach(list, relations, Command::Maintain);
}

// Whether the command takes the relation. Of a pinned relation the command would look only under its lock, which others may hold for long.
bool IsTaken(Oid relation, uint32 options) {
    if (!IsLocking())
        return MayVacuum(relation);
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    bool taken = HeapTupleIsValid(row) && IsTakenByVacuum(relation, Form_pg_class(GETSTRUCT(row)), options);
    if (HeapTupleIsValid(row))
        ReleaseSysCache(row);
    return taken;
}

// Pins the relations by OID, which the command takes without looking again; it does not look for partitions then, so they are named, too. VACUUM
// FULL of our own tables keeps their rows and who sees them, and vacuumdb --full names them all, so it is let run.
List* PinnedVacuum(VacuumRelation* named, uint32 options, AccessList* list) {
    List* pinned = NIL;
    Oid relation = RangeVarGetRelid(named->relation, NoLock, false);
    if (IsTaken(relation, options)) {
        if (MayVacuum(relation))
            Need(list, relation, Command::Maintain);
        pinned = lappend(pinned, makeVacuumRelation(named->relation, relation, named->va_cols));
    }
    ListCell* cell;
    foreach (cell, VisitsDescendants(named->relation, relation) ? find_all_inheritors(relation, NoLock, nullptr) : NIL)
        if (lfirst_oid(cell) != relation && IsTaken(lfirst_oid(cell), options))
            pinned = lappend(pinned, makeVacuumRelation(nullptr, lfirst_oid(cell), named->va_cols));
    return pinned;
}

// An index goes by its table's lock: the command takes that first.
Oid ResolveIndexed(RangeVar* name, LOCKMODE lock) {
    Oid index = Resolve(name, NoLock, maintain_privilege, 0);
    Oid table = IndexGetRelation(index, true);
    if (OidIsValid(table) && IsLocking())
        LockRelationOid(table, lock);
    return index;
}

}    // namespace

static void NeedOfVacuum(Node* node, AccessList* list) {
    VacuumStmt* vacuum = reinterpret_cast<VacuumStmt*>(node);
    if (vacuum->rels == NIL) {
        NeedOfMany(list, [](Form_pg_class row) { return strchr("rpm", row->relkind) != nullptr && MayVacuum(row->oid); });
        return;
    }
    // No relation has this OID, so the command finds nothing. With an empty list it would take all there are.
    constexpr Oid no_relation = 1;
    List* pinned = NIL;
    ListCell* cell;
    foreach (cell, vacuum->rels)
        pinned = list_concat(pinned, PinnedVacuum(lfirst_node(VacuumRelation, cell), vacuum->is_vacuumcmd ? VACOPT_VACUUM : VACOPT_ANALYZE, list));
    vacuum->rels = pinned != NIL ? pinned : list_make1(makeVacuumRelation(nullptr, no_relation, NIL));
}

static void NeedOfCluster(Node* node, AccessList* list) {
    Clustering* cluster = reinterpret_cast<Clustering*>(node);
    RangeVar* named = ClusteredTable(cluster);
    if (named == nullptr) {
        bool needs_index = NeedsIndex(cluster);
        NeedOfMany(list, [=](Form_pg_class row) {
            return (needs_index ? row->relhasindex : strchr("rm", row->relkind) != nullptr) && MayMaintain(row->oid, GetUserId());
        });
        return;
    }
    Oid relation = Resolve(named, HasOption(cluster->params, "concurrently") ? ShareUpdateExclusiveLock : AccessExclusiveLock, maintain_privilege, 0);
    CheckOwnRelation(relation);
    Need(list, relation, Command::Maintain);
}

static void NeedOfReindex(Node* node, AccessList* list) {
    ReindexStmt* reindex = reinterpret_cast<ReindexStmt*>(node);
    LOCKMODE lock = HasOption(reindex->params, "concurrently") ? ShareUpdateExclusiveLock : ShareLock;
    switch (reindex->kind) {
        case REINDEX_OBJECT_INDEX:
        case REINDEX_OBJECT_TABLE: {
            bool index = reindex->kind == REINDEX_OBJECT_INDEX;
            Oid relation = index ? ResolveIndexed(reindex->relation, lock) : Resolve(reindex->relation, lock, maintain_privilege, 0);
            CheckOwnRelation(relation);
            Need(list, relation, Command::Maintain);
            break;
        }
        case REINDEX_OBJECT_SCHEMA: {
            Oid schema = get_namespace_oid(reindex->name, false);
            HoldSchema(reindex->name, schema);
            // Who may not reindex the schema gets the server's own error.
            if (OwnsSchema(schema, GetUserId()) || MayMaintainAll(GetUserId()))
                NeedOfMany(list, [=](Form_pg_class row) { return row->relnamespace == schema && strchr("rm", row->relkind) != nullptr; });
            break;
        }
        case REINDEX_OBJECT_SYSTEM: break;
        default:
            if (OwnsDatabase(MyDatabaseId, GetUserId()) || MayMaintainAll(GetUserId()))
                NeedOfMany(list, [](Form_pg_class row) { return strchr("rm", row->relkind) != nullptr; });
    }
}

static void NeedOfRefresh(Node* node, AccessList* list) {
    RefreshMatViewStmt* refresh = reinterpret_cast<RefreshMatViewStmt*>(node);
    LOCKMODE lock = refresh->concurrent ? ExclusiveLock : AccessExclusiveLock;
    Need(list, Resolve(refresh->relation, lock, maintain_privilege, 0), Command::Maintain);
}

// clang-format off
const UtilityRow maintain_rows[] = {
    {"REFRESH MATERIALIZED VIEW",
     "MAINTAIN; SELECT of what it reads, and EXPORT of that when the view is unprotected", T_RefreshMatViewStmt, NeedOfRefresh},
    {"VACUUM", "MAINTAIN", T_VacuumStmt, NeedOfVacuum},
    {"ANALYZE", "MAINTAIN", T_VacuumStmt, NeedOfVacuum},
    {"CLUSTER", "MAINTAIN", clustering_node, NeedOfCluster},
    {"REPACK", "MAINTAIN", clustering_node, NeedOfCluster},
    {"REINDEX", "MAINTAIN", T_ReindexStmt, NeedOfReindex},
    {},
};
// clang-format on

}    // namespace warrant
