// What governs many relations, in one pass over the catalogue: for requests and grants on a schema, on the database or on a list of tables.
#pragma once

#include "pg/server.hpp"

#include "rules/policies.hpp"

namespace warrant {

// Hears that these of the commands, on the relation (or on what is created in a schema, then InvalidOid), are governed by the policy. columns: those
// of a policy on columns that it governs (char*), NIL for the whole relation.
using Governed = void (*)(Oid relation, int64_t policy_id, CommandMask commands, const List* columns, void* context);

// Looks at each relation of the schema, or of the database for InvalidOid, and at what would be created there.
void SurveySchema(Oid subject, CommandMask commands, Oid schema, Governed governed, void* context);

// Looks at these relations. Those that are not there are governed by nothing.
void SurveyRelations(Oid subject, CommandMask commands, const List* relations, Governed governed, void* context);

}    // namespace warrant
