// Which policies govern a relation: its own and those of all its ancestors and descendants, pruned or not, and of its descendants' other parents.
// Kept for each relation that this backend met, until the server says that something about it changed.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"
#include "rules/members.hpp"
#include "rules/policies.hpp"

namespace warrant {

struct Decision;
struct CachedParts;

// A column that some policy of the relation's family names: each such column is decided about by itself.
struct GovernedColumn {
    NameData name;
    AttrNumber number;      // in this relation; InvalidAttrNumber where it has none of the name
    CommandMask decided;    // which decisions about it are there
};

struct GoverningPolicies {
    Oid relation;       // hash key
    bool free;          // of a known kind, not ours, and nothing governs it
    bool filled;        // completely read
    bool valid;         // not invalidated since before it was read
    bool known_kind;    // tables, partitioned and foreign tables, views and materialized views
    char relkind;
    NameData schema_name;
    NameData relation_name;
    Oid schema;
    bool own;              // in the extension's schema
    int ancestor_count;    // of ancestors, whose first one is the relation itself
    Oid* ancestors;
    int member_count;    // 0: nothing governs it
    Member* members;
    int column_count;
    GovernedColumn* columns;    // owned by the parts
    bool has_family;
    uint32_t family_generation;
    MemoryContext context;       // of the decisions below; nullptr when nothing governs it
    CachedParts* parts;          // owns members and ancestors; nullptr when nothing governs it, or when they are the caller's
    uint32_t generation;         // of the decisions below
    Oid subject;                 // of the decisions below
    bool no_grant_on_columns;    // the subject has none here
    CommandMask decided;         // which of the decisions below are there
    Decision** decisions;        // by command: of the relation, then of each of the columns; each made when it is kept first, as most never are
};

// What the inline part of a look-up needs.
struct GoverningCache {
    static constexpr int size = 256;    // a power of two
    GoverningPolicies* direct[size];    // by the relation's OID: spares each look-up 230 instructions of the hash table
    uint32_t family_generation;
    bool all_invalid;
    bool release_wanted;
};
extern GoverningCache governing_cache;

inline bool IsCurrent(const GoverningPolicies* policies) {
    return policies->filled && policies->valid && (!policies->has_family || policies->family_generation == governing_cache.family_generation);
}

// The governing policies of a relation; it and its policies stay until ReleaseOldGoverningPolicies. Raises 55000 when the policies cannot be read.
GoverningPolicies* ReadGoverningPolicies(Oid relation);

// The hints here, in FindAll and Examine (check.cpp), ActingNow and OnCheckPerms are those of 60 that pay. Together they save 85 of 47,600
// instructions where a row is recorded, and 10 where nothing is protected.
inline GoverningPolicies* FindGoverningPolicies(Oid relation) {
    GoverningPolicies* policies = governing_cache.direct[relation & (GoverningCache::size - 1)];
    bool met = policies != nullptr && policies->relation == relation && !governing_cache.all_invalid && IsCurrent(policies);
    return likely(met) ? policies : ReadGoverningPolicies(relation);
}

// Which policies govern what is created in a schema: those on it and on the database. Read each time, into the caller's memory.
constexpr char relkind_schema = 'n';    // of a schema's governing policies
GoverningPolicies* ReadSchemaGoverningPolicies(Oid schema);

// Which policy governs ADMIN for this subject, as AdminPolicy picks it. Read each time, into the caller's memory.
constexpr char relkind_database = 'd';    // of the database's governing policies
GoverningPolicies* ReadDatabaseGoverningPolicies(Oid subject);

// Frees what was replaced, and everything when it has become too much. Only where no pointer to governing policies, or to one of them, is held.
void ReleaseGoverningPolicies();
inline void ReleaseOldGoverningPolicies() {
    if (governing_cache.release_wanted)
        ReleaseGoverningPolicies();
}

// Marks the relation, and those whose family it belongs to, as unknown; InvalidOid marks all. Callable from callbacks.
void InvalidateGoverningPolicies(Oid relation);

// Of the members' winners for a command, by how each policy is about somebody, the strictest, or nullptr.
template <class AimOf>
const Policy* StrictestOf(const Member* members, int count, Command command, AimOf aim_of) {
    const Policy* strictest = nullptr;
    for (int i = 0; i < count; i++) {
        const Policy* winner = WinnerOf(&members[i].policies, command, aim_of);
        if (winner != nullptr && (strictest == nullptr || IsStricter(winner, strictest)))
            strictest = winner;
    }
    return strictest;
}

// Whether the test holds for the relation itself, nullptr, and for the name of each column that is decided about by itself.
template <class Test>
bool AllColumns(const GoverningPolicies* policies, Test test) {
    bool holds = test(static_cast<const char*>(nullptr));
    for (int i = 0; i < policies->column_count && holds; i++)
        holds = test(NameStr(policies->columns[i].name));
    return holds;
}

// Whether more is touched than the columns that are decided about by themselves, or no column at all.
bool TouchesOthers(const GoverningPolicies* policies, const TouchedColumns& touched);

// A whole row has all columns of its relation.
bool Touches(const GovernedColumn& column, const TouchedColumns& touched);

// Catalogues with values of the columns that ANALYZE sampled, and their toast tables: to read them is ADMIN.
inline bool HoldsSamples(Oid relation) {
    constexpr Oid toast_of_statistic = 2840, toast_of_extended = 3430;
    return relation == StatisticRelationId || relation == toast_of_statistic || relation == StatisticExtDataRelationId ||
           relation == toast_of_extended;
}

// Whether something has to be decided about the relation: a policy governs it, or nobody knows its kind.
bool IsGoverned(Oid relation);

}    // namespace warrant
