// Relations that the current transaction has created. What they need is covered by the CREATE that made them, for the user who made them. Nothing is
// in them but what this transaction put there, and a request for them would name what a rollback takes away.
//
// Not covered is what leads to other relations: as soon as one that is not new belongs to the family, or did, its rows may be in a new one. Nor
// what takes rows out of the reach of policies: EXPORT, another schema, another extension; the rows may be copies of protected ones.
#pragma once

#include "pg/server.hpp"

#include "rules/decision.hpp"

namespace warrant {

// The transaction in which relations were noted; cheap to compare.
extern LocalTransactionId created_in;
inline bool HasCreated() { return created_in != InvalidLocalTransactionId && created_in == MyTransactionNumber(); }

// A relation has just been created; its catalogue rows cannot be seen yet.
void NoteCreated(Oid relation, const ObjectAccessPostCreate* how);

// Two relations become one family when the statement that is being decided is let run; SettleJoins says that it is.
void ForgetJoins();
void NoteJoined(Oid relation, Oid other);
void SettleJoins();

// Whether the user's access, which this decision refuses or lets run only for a use or some rows, is covered by creation; what is decided then.
bool IsCoveredByCreation(const GoverningPolicies* policies, const Decision* decision, Command command, Oid user, Decision* covered);

}    // namespace warrant
