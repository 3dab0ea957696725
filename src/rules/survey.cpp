#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/family.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/labels.hpp"
#include "rules/policies.hpp"
#include "rules/survey.hpp"

namespace warrant {

namespace {

// Relations without policies of their own that nothing distinguishes: what governs one governs all of them.
struct Kind {
    Oid schema;
    Oid parent;    // the only one, or InvalidOid
    Oid alone;     // 1: policies on schemas and on the database do not cover it
};

// A policy and the commands that it governs.
struct GoverningPart {
    int64_t policy;
    CommandMask commands;
    List* columns;    // of a policy on columns
};

struct GoverningParts {
    int count, room;
    GoverningPart* items;
};

struct KindAnswer {
    Kind kind;    // hash key
    GoverningParts parts;
};

struct Relatives {
    Oid relation;    // hash key
    Oid parent;
    int parents;
    bool is_parent;
};

struct OwnPolicies {
    Oid relation;    // hash key
    PolicyList policies;
};

struct SchemaPolicies {
    Oid schema;             // hash key
    PolicyList policies;    // with those of the database
};

struct Survey {
    Oid subject;
    CommandMask commands;
    Governed governed;
    void* context;
    HTAB *answers, *relatives, *own, *schemas, *of_extensions;
};

HTAB* Table(Size key, Size entry) {
    HASHCTL control = {};
    control.keysize = key;
    control.entrysize = entry;
    control.hcxt = CurrentMemoryContext;
    return hash_create("pg_warrant survey", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

template <class Entry, class Key>
Entry* Enter(HTAB* table, const Key* key, bool* found) {
    return static_cast<Entry*>(hash_search(table, key, HASH_ENTER, found));
}

template <class Entry>
Entry* Find(HTAB* table, Oid key) {
    return static_cast<Entry*>(hash_search(table, &key, HASH_FIND, nullptr));
}

Relatives* RelativesOf(Survey* survey, Oid relation) {
    bool found;
    Relatives* relatives = Enter<Relatives>(survey->relatives, &relation, &found);
    if (!found)
        *relatives = Relatives{relation, InvalidOid, 0, false};
    return relatives;
}

void ReadRelatives(Survey* survey) {
    Relation inherits = table_open(InheritsRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(inherits, InvalidOid, false, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_inherits row = Form_pg_inherits(GETSTRUCT(tuple));
        Relatives* child = RelativesOf(survey, row->inhrelid);
        child->parent = row->inhparent;
        child->parents++;
        RelativesOf(survey, row->inhparent)->is_parent = true;
    }
    systable_endscan(scan);
    table_close(inherits, AccessShareLock);
}

void ReadMembersOfExtensions(Survey* survey) {
    Relation depends = table_open(DependRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
    SysScanDesc scan = systable_beginscan(depends, DependReferenceIndexId, true, nullptr, 1, &key);
    HeapTuple tuple;
    bool found;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_depend row = Form_pg_depend(GETSTRUCT(tuple));
        if (row->classid == RelationRelationId && row->deptype == DEPENDENCY_EXTENSION)
            (void)Enter<Oid>(survey->of_extensions, &row->objid, &found);
    }
    systable_endscan(scan);
    table_close(depends, AccessShareLock);
}

PolicyList* OwnPoliciesOf(Survey* survey, Oid relation) {
    bool found;
    OwnPolicies* own = Enter<OwnPolicies>(survey->own, &relation, &found);
    if (!found)
        own->policies = PolicyList{};
    return &own->policies;
}

void ReadOwnPolicies(Survey* survey) {
    PolicyList all = {}, on_labels = {};
    Oid* relations = ReadTargets(&all, About::Tables);
    for (int i = 0; i < all.count; i++)
        Append(OwnPoliciesOf(survey, relations[i]), all.items[i]);
    ReadLabelPolicies(&on_labels);
    ListCell* cell;
    foreach (cell, on_labels.count > 0 ? LabelledRelations(nullptr, Rows::Committed) : NIL) {
        const LabelledRelation* labelled = static_cast<LabelledRelation*>(lfirst(cell));
        AppendOfLabel(OwnPoliciesOf(survey, labelled->relation), &on_labels, labelled->label);
    }
}

Survey Begin(Oid subject, CommandMask commands, Governed governed, void* context) {
    RequirePolicySentinel();
    Survey survey = {subject,
                     commands,
                     governed,
                     context,
                     Table(sizeof(Kind), sizeof(KindAnswer)),
                     Table(sizeof(Oid), sizeof(Relatives)),
                     Table(sizeof(Oid), sizeof(OwnPolicies)),
                     Table(sizeof(Oid), sizeof(SchemaPolicies)),
                     Table(sizeof(Oid), sizeof(Oid))};
    ReadRelatives(&survey);
    ReadMembersOfExtensions(&survey);
    ReadOwnPolicies(&survey);
    return survey;
}

const PolicyList* PoliciesOfSchema(Survey* survey, Oid schema) {
    bool found;
    SchemaPolicies* entry = Enter<SchemaPolicies>(survey->schemas, &schema, &found);
    if (found)
        return &entry->policies;
    entry->policies = PolicyList{};
    ReadSchemaPolicies(&entry->policies, schema);
    return &entry->policies;
}

bool HasColumns(const PolicyList* policies) {
    for (int i = 0; i < policies->count; i++)
        if (policies->items[i]->column_count > 0)
            return true;
    return false;
}

GoverningPart* PartOf(GoverningParts* parts, int64_t policy) {
    for (int i = 0; i < parts->count; i++)
        if (parts->items[i].policy == policy)
            return &parts->items[i];
    if (parts->count == parts->room) {
        parts->room = parts->room == 0 ? 4 : 2 * parts->room;
        Size size = parts->room * sizeof(GoverningPart);
        parts->items = static_cast<GoverningPart*>(parts->items == nullptr ? palloc(size) : repalloc(parts->items, size));
    }
    parts->items[parts->count] = GoverningPart{policy, 0, NIL};
    return &parts->items[parts->count++];
}

void AddPart(GoverningParts* parts, const Policy* policy, Command command, const char* column) {
    GoverningPart* part = PartOf(parts, policy->id);
    part->commands |= MaskOf(command);
    if (policy->column_count > 0 && column != nullptr && IsOnColumns(command))
        part->columns = WithColumn(part->columns, column);
}

// Of the relation, and of each column that is decided about by itself.
GoverningParts FindParts(const Survey* survey, const GoverningPolicies* policies) {
    GoverningParts parts = {};
    (void)AllColumns(policies, [&](const char* column) {
        for (int i = 0; i < command_count; i++)
            if (const Policy* policy =
                    survey->commands & MaskOf(Command(i)) ? GoverningPolicy(policies, survey->subject, Command(i), column, Automatic::None) : nullptr)
                AddPart(&parts, policy, Command(i), column);
        return true;
    });
    return parts;
}

// Of policies on a schema and the database, which are on no columns.
GoverningParts FindPartsOfMember(const Survey* survey, PolicyList policies) {
    Member member = {InvalidOid, InvalidOid, policies};
    GoverningPolicies governing_policies = {};
    governing_policies.known_kind = true;
    governing_policies.member_count = policies.count > 0 ? 1 : 0;
    governing_policies.members = &member;
    return FindParts(survey, &governing_policies);
}

void Report(const Survey* survey, Oid relation, const GoverningParts& parts) {
    for (int i = 0; i < parts.count; i++)
        survey->governed(relation, parts.items[i].policy, parts.items[i].commands, parts.items[i].columns, survey->context);
}

GoverningParts FindPartsOf(Survey* survey, Oid relation) {
    ReleaseOldGoverningPolicies();
    return FindParts(survey, FindGoverningPolicies(relation));
}

const GoverningParts& PartsOfKind(Survey* survey, const Kind* kind, Oid relation) {
    bool found;
    KindAnswer* answer = Enter<KindAnswer>(survey->answers, kind, &found);
    if (found)
        return answer->parts;
    answer->parts = GoverningParts{};
    if (OidIsValid(kind->parent))
        answer->parts = FindPartsOf(survey, relation);
    else
        answer->parts = FindPartsOfMember(survey, kind->alone ? PolicyList{} : *PoliciesOfSchema(survey, kind->schema));
    return answer->parts;
}

void LookAt(Survey* survey, Oid relation, Oid schema, char relkind) {
    CHECK_FOR_INTERRUPTS();
    if (strchr("rpfvm", relkind) == nullptr)
        return;
    const Relatives* relatives = Find<Relatives>(survey->relatives, relation);
    const OwnPolicies* own = Find<OwnPolicies>(survey->own, relation);
    bool has_family = relatives != nullptr && (relatives->is_parent || relatives->parents > 1 || own != nullptr);
    if (has_family || (own != nullptr && HasColumns(&own->policies)))
        return Report(survey, relation, FindPartsOf(survey, relation));
    bool alone = IsNeverOfSchemas(relation, schema) || Find<Oid>(survey->of_extensions, relation) != nullptr;
    Kind kind = {schema, relatives == nullptr ? InvalidOid : relatives->parent, Oid(alone)};
    if (own == nullptr)
        return Report(survey, relation, PartsOfKind(survey, &kind, relation));
    PolicyList all = own->policies;
    const PolicyList* others = PoliciesOfSchema(survey, schema);
    all.room = all.count + others->count;
    all.items = static_cast<Policy**>(palloc(all.room * sizeof(Policy*)));
    memcpy(all.items, own->policies.items, own->policies.count * sizeof(Policy*));
    for (int i = 0; i < others->count && !alone; i++)
        all.items[all.count++] = others->items[i];
    Report(survey, relation, FindPartsOfMember(survey, all));
    pfree(all.items);
}

void LookAtRelationsOf(Survey* survey, Oid schema) {
    Relation classes = table_open(RelationRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(schema));
    SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, nullptr, OidIsValid(schema) ? 1 : 0, &key);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_class row = Form_pg_class(GETSTRUCT(tuple));
        if (row->relpersistence != RELPERSISTENCE_TEMP)
            LookAt(survey, row->oid, row->relnamespace, row->relkind);
    }
    systable_endscan(scan);
    table_close(classes, AccessShareLock);
}

void LookAtSchema(Survey* survey, Oid schema) {
    CHECK_FOR_INTERRUPTS();
    Report(survey, InvalidOid, FindParts(survey, ReadSchemaGoverningPolicies(schema)));
}

void LookAtSchemas(Survey* survey) {
    Relation schemas = table_open(NamespaceRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(schemas, InvalidOid, false, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan)))
        LookAtSchema(survey, Form_pg_namespace(GETSTRUCT(tuple))->oid);
    systable_endscan(scan);
    table_close(schemas, AccessShareLock);
}

}    // namespace

namespace {

// A few are looked at one by one, as a statement would, so that what is known of them is used.
constexpr int few = 50;

void LookAtFew(Oid subject, CommandMask commands, const List* relations, Governed governed, void* context) {
    Survey survey = {subject, commands, governed, context, nullptr, nullptr, nullptr, nullptr, nullptr};
    ListCell* cell;
    foreach (cell, relations)
        if (get_rel_relkind(lfirst_oid(cell)) != '\0')
            Report(&survey, lfirst_oid(cell), FindPartsOf(&survey, lfirst_oid(cell)));
}

}    // namespace

void SurveySchema(Oid subject, CommandMask commands, Oid schema, Governed governed, void* context) {
    AcceptInvalidationMessages();
    Survey survey = Begin(subject, commands, governed, context);
    LookAtRelationsOf(&survey, schema);
    if (OidIsValid(schema))
        LookAtSchema(&survey, schema);
    else
        LookAtSchemas(&survey);
}

void SurveyRelations(Oid subject, CommandMask commands, const List* relations, Governed governed, void* context) {
    AcceptInvalidationMessages();
    if (list_length(relations) <= few)
        return LookAtFew(subject, commands, relations, governed, context);
    Survey survey = Begin(subject, commands, governed, context);
    ListCell* cell;
    foreach (cell, relations) {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        Form_pg_class row = Form_pg_class(GETSTRUCT(tuple));
        Oid schema = row->relnamespace;
        char relkind = row->relkind;
        ReleaseSysCache(tuple);
        LookAt(&survey, lfirst_oid(cell), schema, relkind);
    }
}

}    // namespace warrant
