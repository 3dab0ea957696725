// One access that a statement needs: what is decided about.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

// Which columns of a relation an access touches: all, or some by their numbers, as a Permission has them.
struct TouchedColumns {
    bool all = true;
    const Bitmapset* some = nullptr;
};

struct Access {
    Oid relation;    // of CREATE: the schema; of ADMIN: this database
    Command command;
    Oid definer;    // whom the server checks, when a policy trusts this role's views and functions; or InvalidOid
    // The column, of those that policies on columns name; or nullptr, for all others and the relation itself.
    const char* column = nullptr;
    TouchedColumns touched = {};    // as long as the statement's plan or query lives
    // What a write reads of its target: decided about only where who writes has a grant on columns of it.
    bool implied = false;
};

// Whether what is known to be touched has all that another access touches.
inline bool Covers(const TouchedColumns& known, const TouchedColumns& other) {
    return known.all || (!other.all && bms_is_subset(other.some, known.some));
}

// Whether two accesses differ in whose view or function they come by at most.
inline bool IsSameAccess(const Access& a, const Access& b) {
    bool same_column = a.column == b.column || (a.column != nullptr && b.column != nullptr && strcmp(a.column, b.column) == 0);
    return a.relation == b.relation && a.command == b.command && same_column;
}

}    // namespace warrant
