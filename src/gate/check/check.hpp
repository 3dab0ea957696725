// The check itself: each access is decided, and recorded or refused.
#pragma once

#include "pg/server.hpp"

#include "gate/access/access.hpp"

namespace warrant {

// Checks a list of permissions that the server is about to check, as a whole. Raises 42501 when one is refused, 55000 when the gate cannot tell.
//   query        nullptr for what is no planned statement's
//   leaves_out   so many of the users who acted last are not asked
void CheckPermissions(QueryDesc* query, List* permissions, const PlanNotes& notes, bool exported, int leaves_out = 0);

// Checks accesses as CheckPermissions checks permissions. query is nullptr for those of a utility statement.
void CheckAccesses(QueryDesc* query, const AccessList* list, int leaves_out = 0);

// Refuses what an approval is missing for, as CheckAccesses does, and records nothing about what runs. parsed: the query that asks, when it is not
// planned yet.
void RefuseUnapproved(const AccessList* list, Query* parsed = nullptr, int leaves_out = 0);

}    // namespace warrant
