// The relations that govern together with one: its ancestors and descendants, and these descendants' other parents.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// OIDs: the relation itself, its ancestors, of which it tells the number, its descendants and their other parents.
List* ReadFamily(Oid relation, char relkind, int* ancestor_count);
List* FamilyOf(Oid relation);

// OIDs: the relation itself and its ancestors.
List* AncestorsOf(Oid relation);

// A toast table is governed as the table whose values it holds. Its name carries that table's OID, which the table must confirm; InvalidOid if not.
Oid OwnerOfToast(Oid toast);

// Whether policies on a schema or the database never cover the relation: catalogues, our own tables, other extensions' and own temporary ones.
bool CoveredByTableOnly(Oid relation, Oid schema);

// Whether policies on a schema or the database never cover the relation, without asking the catalogue whether it is another extension's.
bool IsNeverOfSchemas(Oid relation, Oid schema);

}    // namespace warrant
