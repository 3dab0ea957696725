// The relations that govern together with one: its ancestors and descendants, and these descendants' other parents.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// OIDs: the relation itself, its ancestors, of which it tells the number, its descendants and their other parents.
List* ReadFamily(Oid relation, char relkind, int* ancestor_count);
List* FamilyOf(Oid relation);

// A toast table is governed as the table whose values it holds. Its name carries that table's OID, which the table must confirm; InvalidOid if not.
Oid OwnerOfToast(Oid toast);

// Policies on a schema or the database never cover it: catalogues, our own tables, other extensions' and own temporary ones.
bool CoveredByTableOnly(Oid relation, Oid schema);

// The same but for relations of other extensions, which the catalogue must be asked for.
bool IsNeverOfSchemas(Oid relation, Oid schema);

}    // namespace warrant
