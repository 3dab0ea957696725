// Which policies govern a relation: its own and those of all its ancestors and descendants, pruned or not. Kept for each relation
// that this backend met, until the server says that something about it changed.
#pragma once

#include "pg/server.hpp"

#include "rules/policies.hpp"

namespace warrant {

// One relation of the family, with the policies that match it; between the members the strictest answer wins.
struct Member {
    PolicyList policies;
};

struct Decision;

struct Governance {
    Oid relation;                 // hash key
    bool filled;                  // completely read
    bool valid;                   // not invalidated since before it was read
    bool known_kind;              // tables, partitioned and foreign tables, views and materialized views
    char relkind;
    NameData schema_name;
    NameData relation_name;
    Oid schema;
    bool own;                     // in the extension's schema
    int ancestor_count;           // the relation itself first
    Oid* ancestors;
    int member_count;             // 0: nothing governs it
    Member* members;
    bool has_family;
    uint32_t family_generation;
    MemoryContext context;        // owns members, policies and decisions; NULL when nothing governs it
    uint32_t generation;          // of the decisions below
    Oid subject;                  // of the decisions below
    CommandMask decided;          // which of the decisions below are there
    Decision* decisions;          // by command
};

// The governance of a relation; it and its policies stay until ReleaseOldGovernances. Raises 55000 when the policies cannot be read.
Governance* FindGovernance(Oid relation);

// Frees what was replaced, and everything when it has become too much. Only where no pointer to a governance or policy is held.
void ReleaseOldGovernances();

// Marks the relation, and those whose family it belongs to, as unknown; InvalidOid marks all. Callable from callbacks.
void InvalidateGovernance(Oid relation);

// Policies on a schema or the database never cover it: catalogues, our own tables, other extensions' and own temporary ones.
bool CoveredByTableOnly(Oid relation, Oid schema);

}    // namespace warrant
