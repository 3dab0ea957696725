// Which columns an access touches, as its row in the log names them.
#pragma once

#include "pg/server.hpp"

#include "rules/access.hpp"
#include "rules/governing_policies.hpp"
#include "statement/statement_record.hpp"

namespace warrant {

// The columns that a decision about the access is about: of those that are decided about by themselves the one, or else what is left of them.
TouchedColumns DecidedColumns(const Access& access, const GoverningPolicies* policies);

// Their names in the table's order as a JSON array, in the current memory context; nullptr for all, of which a whole row is one way to say it. What
// does not fit into most_columns_bytes is left out, and null stands for it.
const char* NamesOf(Oid relation, const TouchedColumns& touched);

// Names the columns of what is to be recorded.
void NameColumns(CheckedAccess* checked, int count);

}    // namespace warrant
