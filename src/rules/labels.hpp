// Labels: the word that SECURITY LABEL FOR pg_warrant puts on a relation, for policies that are on all relations of a label.
#pragma once

#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/policies.hpp"

namespace warrant {

// As whom the server knows us among those who give labels.
constexpr char label_provider[] = "pg_warrant";

// The relation's label, in the current memory context; nullptr when it has none.
char* LabelOf(Oid relation, Rows rows);

struct LabelledRelation {
    Oid relation;
    char* label;
};

// Appends those of the policies on labels that are on this one; nullptr is no label.
void AppendOfLabel(PolicyList* list, const PolicyList* on_labels, const char* label);

// Appends to the list of each table the policies on its label, in the current memory context.
void AppendByLabels(TablePolicies** tables, int count, Rows rows);

// The relations of the label, or, with nullptr, of any: LabelledRelation, in the current memory context. No index is by labels, so that all are read.
List* LabelledRelations(const char* label, Rows rows);

}    // namespace warrant
