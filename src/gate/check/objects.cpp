#include "pg/server.hpp"

#include "gate/check/objects.hpp"

namespace warrant {

namespace {

struct Objects {
    StringInfo to;
    List* types;    // that are appended already: types of types can meet again and again
};

bool AppendFromNode(Node* node, void* objects);
void AppendType(Objects* objects, Oid type);

// A row of a catalogue is what it was as long as the same transaction has written it, in the same place.
void AppendRow(Objects* objects, HeapTuple row) {
    appendStringInfo(objects->to, " %u(%u,%u)", HeapTupleHeaderGetRawXmin(row->t_data), ItemPointerGetBlockNumberNoCheck(&row->t_self),
                     ItemPointerGetOffsetNumberNoCheck(&row->t_self));
}

// --- functions ---

bool AppendFunction(Oid function, void* context) {
    Objects* objects = static_cast<Objects*>(context);
    HeapTuple row = function < FirstUnpinnedObjectId ? nullptr : SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(row))
        return false;
    AppendRow(objects, row);
    bool is_aggregate = reinterpret_cast<Form_pg_proc>(GETSTRUCT(row))->prokind == PROKIND_AGGREGATE;
    ReleaseSysCache(row);
    row = is_aggregate ? SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function)) : nullptr;
    if (!HeapTupleIsValid(row))
        return false;
    FormData_pg_aggregate parts = *reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(row));
    ReleaseSysCache(row);
    const Oid functions[] = {parts.aggtransfn,    parts.aggfinalfn,  parts.aggcombinefn,   parts.aggserialfn,
                             parts.aggdeserialfn, parts.aggmtransfn, parts.aggminvtransfn, parts.aggmfinalfn};
    for (Oid part : functions)
        (void)AppendFunction(part, objects);
    return false;
}

// --- what belongs to a table or a domain ---

struct Catalogue {
    Oid table, index;
    AttrNumber owner;
    AttrNumber expression;
    AttrNumber function;    // 0 for none
};
constexpr Catalogue of_table[] = {
    {TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid, Anum_pg_trigger_tgqual, Anum_pg_trigger_tgfoid},
    {ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid, Anum_pg_constraint_conbin, 0},
    {AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid, Anum_pg_attrdef_adbin, 0},
};
constexpr Catalogue of_domain = {ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, Anum_pg_constraint_conbin, 0};

// Any number in a tree that is a type's is taken for that type.
void AppendTypesIn(Objects* objects, const char* tree) {
    constexpr const char* digits = "0123456789";
    for (const char* at = strpbrk(tree, digits); at != nullptr; at = strpbrk(at, digits)) {
        char* end;
        unsigned long number = strtoul(at, &end, 10);
        if (number <= PG_UINT32_MAX)
            AppendType(objects, Oid(number));
        at = end;
    }
}

void AppendRowsOf(Objects* objects, const Catalogue& catalogue, Oid owner) {
    Relation table = table_open(catalogue.table, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, catalogue.owner, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(owner));
    SysScanDesc scan = systable_beginscan(table, catalogue.index, true, nullptr, 1, &key);
    while (HeapTuple row = systable_getnext(scan)) {
        bool none;
        AppendRow(objects, row);
        if (catalogue.function != 0)
            (void)AppendFunction(DatumGetObjectId(heap_getattr(row, catalogue.function, RelationGetDescr(table), &none)), objects);
        Datum expression = heap_getattr(row, catalogue.expression, RelationGetDescr(table), &none);
        if (none)
            continue;
        char* tree = TextDatumGetCString(expression);
        AppendTypesIn(objects, tree);
        (void)AppendFromNode(static_cast<Node*>(stringToNode(tree)), objects);
    }
    systable_endscan(scan);
    table_close(table, AccessShareLock);
}

// Of a table that is written to, and all its descendants, to which its rows may go.
void AppendWritten(Objects* objects, Oid relation) {
    ListCell* cell;
    foreach (cell, find_all_inheritors(relation, NoLock, nullptr))
        for (const Catalogue& catalogue : of_table)
            AppendRowsOf(objects, catalogue, lfirst_oid(cell));
}

// --- types ---

// What users' types do to a value: domains check it, also inside others.
void AppendType(Objects* objects, Oid type) {
    if (type < FirstUnpinnedObjectId || list_member_oid(objects->types, type))
        return;
    HeapTuple row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(row))
        return;
    check_stack_depth();
    objects->types = lappend_oid(objects->types, type);
    AppendRow(objects, row);
    FormData_pg_type is = *reinterpret_cast<Form_pg_type>(GETSTRUCT(row));
    ReleaseSysCache(row);
    AppendType(objects, is.typbasetype);
    AppendType(objects, is.typelem);
    if (is.typtype == TYPTYPE_DOMAIN)
        AppendRowsOf(objects, of_domain, type);
    if (is.typtype == TYPTYPE_RANGE)
        AppendType(objects, get_range_subtype(type));
    if (is.typtype == TYPTYPE_MULTIRANGE)
        AppendType(objects, get_multirange_range(type));
    for (AttrNumber column = 1; OidIsValid(is.typrelid) && SearchSysCacheExists2(ATTNUM, ObjectIdGetDatum(is.typrelid), Int16GetDatum(column));
         column++)
        AppendType(objects, get_atttype(is.typrelid, column));
}

// --- the tree ---

// Where in the text something stands belongs to the text. A name or a value that looks like this is written in another way by the server.
void AppendWithoutPlaces(StringInfo to, const char* tree) {
    constexpr const char* places[] = {":location ", ":stmt_location ", ":stmt_len "};
    while (*tree != '\0') {
        const char* next = tree + 1 + strcspn(tree + 1, ":");
        for (const char* place : places)
            if (strncmp(tree, place, strlen(place)) == 0)
                tree += strlen(place) + strspn(tree + strlen(place), "-0123456789");
        if (tree < next)
            appendBinaryStringInfo(to, tree, int(next - tree));
        tree = tree < next ? next : tree;
    }
}

bool AppendFromNode(Node* node, void* objects) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        Query* query = reinterpret_cast<Query*>(node);
        if (query->resultRelation > 0)
            AppendWritten(static_cast<Objects*>(objects), rt_fetch(query->resultRelation, query->rtable)->relid);
        return WalkQuery(query, AppendFromNode, objects, 0);
    }
    (void)check_functions_in_node(node, AppendFunction, objects);
    return WalkExpression(node, AppendFromNode, objects);
}

uint32_t generation = 1;

void OnChange(Datum, CacheNumber, uint32) { generation++; }

}    // namespace

void AppendObjects(StringInfo to, const Query* query) {
    Objects objects = {to, NIL};
    int begin = to->len;
    AppendWithoutPlaces(to, nodeToString(query));
    AppendTypesIn(&objects, pstrdup(to->data + begin));
    (void)AppendFromNode(reinterpret_cast<Node*>(const_cast<Query*>(query)), &objects);
}

uint32_t ObjectsGeneration() {
    static bool listens = false;
    if (!listens) {
        CacheRegisterSyscacheCallback(PROCOID, OnChange, Datum(0));
        CacheRegisterSyscacheCallback(CONSTROID, OnChange, Datum(0));
        listens = true;
    }
    return generation;
}

}    // namespace warrant
