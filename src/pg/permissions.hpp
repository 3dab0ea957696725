// Which relations a plan or a query asks privileges on, and which: the server's own list of what it is about to check, read the same way whatever
// form a version gives it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// One relation of a statement and the privileges that the server checks on it.
struct Permission {
    Oid relation;
    Oid check_as_user;
    AclMode required;
    // Columns, by their numbers less FirstLowInvalidHeapAttributeNumber; InvalidAttrNumber among them stands for the whole row.
    const Bitmapset* selected;
    const Bitmapset* inserted;
    const Bitmapset* updated;    // assigned; without them the UPDATE bit means FOR UPDATE or FOR SHARE
};

inline bool Updates(const Permission& permission) { return !bms_is_empty(permission.updated); }

// Whether rows are written, not only locked.
inline bool Writes(const Permission& permission) { return (permission.required & (ACL_INSERT | ACL_DELETE)) != 0 || Updates(permission); }

inline Permission PermissionIn(const CheckedEntry* entry) {
    return Permission{entry->relid, entry->checkAsUser, entry->requiredPerms, entry->selectedCols, entry->insertedCols, entry->updatedCols};
}

// Whether test(Permission) holds for each relation that the server checks privileges of; asks no further when it does not. permissions: as
// PermissionsOf gives them.
template <class Test>
inline bool AllPermissions(const List* permissions, Test test) {
    ListCell* cell;
    foreach (cell, permissions) {
        const CheckedEntry* entry = CheckedEntryOf(cell);
        if (entry != nullptr && entry->requiredPerms != 0 && !test(PermissionIn(entry)))
            return false;
    }
    return true;
}

// Calls visit(Permission) for each relation that the server checks privileges of.
template <class Visit>
inline void ForEachPermission(const List* permissions, Visit visit) {
    (void)AllPermissions(permissions, [&visit](const Permission& permission) {
        visit(permission);
        return true;
    });
}

// Calls visit(index in the range table, entry, Permission) for each relation of one level of an analysed query.
template <class Visit>
inline void ForEachPermission(const Query* query, Visit visit) {
    for (int i = 0; i < list_length(query->rtable); i++) {
        const RangeTblEntry* entry = list_nth_node(RangeTblEntry, query->rtable, i);
        const CheckedEntry* checked = CheckedEntryOf(query, entry);
        if (checked != nullptr && checked->requiredPerms != 0)
            visit(i + 1, entry, PermissionIn(checked));
    }
}

}    // namespace warrant
