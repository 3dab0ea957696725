#include "pg/server.hpp"

#include "rules/invalidation.hpp"
#include "rules/labels.hpp"

namespace warrant {

namespace {

bool IsOfRelation(const Datum* values) {
    return DatumGetObjectId(values[Anum_pg_seclabel_classoid - 1]) == RelationRelationId &&
           DatumGetInt32(values[Anum_pg_seclabel_objsubid - 1]) == 0 &&
           strcmp(TextDatumGetCString(values[Anum_pg_seclabel_provider - 1]), label_provider) == 0;
}

char* LabelFrom(const Datum* values) { return TextDatumGetCString(values[Anum_pg_seclabel_label - 1]); }

void BeginLabels(CommittedScan* scan, Rows rows) {
    BeginCommitted(
        scan, SecLabelRelationId, [] { return Oid(SecLabelObjectIndexId); }, rows);
}

char* LabelIn(CommittedScan* scan, Oid relation) {
    ScanKeyData keys[4];
    ScanKeyInit(&keys[0], Anum_pg_seclabel_objoid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], Anum_pg_seclabel_classoid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
    ScanKeyInit(&keys[2], Anum_pg_seclabel_objsubid, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(0));
    ScanKeyInit(&keys[3], Anum_pg_seclabel_provider, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(label_provider));
    char* label = nullptr;
    ForEachCommitted(scan, keys, lengthof(keys), [&label](Datum* values, bool*) { label = LabelFrom(values); });
    return label;
}

// Whether no policy was on a label when it was looked at last, for who meets many relations: saves each of them an index scan.
struct {
    bool known;
    uint32_t policies;    // policy_generation
    bool none;
} label_policies;

void ReadKept(PolicyList* on_labels, Rows rows) {
    if (rows == Rows::Committed && label_policies.known && label_policies.none && label_policies.policies == policy_generation)
        return;
    AcceptInvalidationMessages();
    uint32_t policies = policy_generation;    // before the snapshot: what is heard meanwhile moves it
    ReadLabelPolicies(on_labels, rows);
    if (rows == Rows::Committed)
        label_policies = {true, policies, on_labels->count == 0};
}

}    // namespace

char* LabelOf(Oid relation, Rows rows) {
    CommittedScan scan;
    BeginLabels(&scan, rows);
    char* label = LabelIn(&scan, relation);
    EndCommitted(&scan);
    return label;
}

void AppendOfLabel(PolicyList* list, const PolicyList* on_labels, const char* label) {
    for (int i = 0; i < on_labels->count && label != nullptr; i++)
        if (strcmp(on_labels->items[i]->label, label) == 0)
            Append(list, on_labels->items[i]);
}

void AppendByLabels(TablePolicies** tables, int count, Rows rows) {
    PolicyList on_labels = {};
    if (count > 0)
        ReadKept(&on_labels, rows);
    if (on_labels.count == 0)
        return;
    CommittedScan scan;
    BeginLabels(&scan, rows);
    for (int i = 0; i < count; i++)
        AppendOfLabel(&tables[i]->policies, &on_labels, LabelIn(&scan, tables[i]->table));
    EndCommitted(&scan);
}

List* LabelledRelations(const char* label, Rows rows) {
    List* found = NIL;
    CommittedScan scan;
    BeginLabels(&scan, rows);
    ForEachCommitted(&scan, nullptr, 0, [&found, label](Datum* values, bool*) {
        if (!IsOfRelation(values) || (label != nullptr && strcmp(LabelFrom(values), label) != 0))
            return;
        LabelledRelation* labelled = static_cast<LabelledRelation*>(palloc(sizeof(LabelledRelation)));
        *labelled = LabelledRelation{DatumGetObjectId(values[Anum_pg_seclabel_objoid - 1]), LabelFrom(values)};
        found = lappend(found, labelled);
    });
    EndCommitted(&scan);
    return found;
}

}    // namespace warrant
