// What of a refused statement is to be asked for: its items, as gate/check/refusal.cpp has written them, under each policy.
#include "pg/server.hpp"

#include <algorithm>

#include "pg/errors.hpp"
#include "functions/lookups.hpp"
#include "functions/values.hpp"

namespace warrant {

namespace {

// The text of an item's member; nullptr for none.
const char* MemberOf(JsonbContainer* item, const char* key) {
    JsonbValue found;
    return getKeyJsonValueFromContainer(item, key, int(strlen(key)), &found) == nullptr ? nullptr : TextOfScalar(&found);
}

int64 NumberOf(const char* text) { return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text))); }

// Calls visit(item) for each of the items.
template <class Visit>
void ForEachItem(Jsonb* items, Visit visit) {
    ForEachElement(items, [&visit](const JsonbValue* value) {
        if (value->type == jbvBinary)
            visit(value->val.binary.data);
    });
}

template <class Visit>
void ForEachUnder(Jsonb* items, int64 policy, Visit visit) {
    ForEachItem(items, [policy, &visit](JsonbContainer* item) {
        const char* id = MemberOf(item, "policy");
        if (id != nullptr && NumberOf(id) == policy)
            visit(item);
    });
}

// One command that was refused on one object.
struct Refused {
    char kind;
    Oid target;
    const char *schema, *name, *command;
    List* columns;    // by their names (char*); NIL for the whole relation
};

int CompareText(const char* a, const char* b) { return a == nullptr || b == nullptr ? (a == nullptr) - (b == nullptr) : strcmp(a, b); }

int CompareTargets(const Refused* a, const Refused* b) {
    if (a->kind != b->kind)
        return uint8(a->kind) < uint8(b->kind) ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    int order = CompareText(a->schema, b->schema);
    return order != 0 ? order : CompareText(a->name, b->name);
}

int CompareRefused(const void* a, const void* b) {
    const Refused *left = static_cast<const Refused*>(a), *right = static_cast<const Refused*>(b);
    int order = CompareTargets(left, right);
    return order != 0 ? order : CompareText(left->command, right->command);
}

List* NamesIn(JsonbContainer* item, const char* key) {
    JsonbValue found;
    List* names = NIL;
    if (getKeyJsonValueFromContainer(item, key, int(strlen(key)), &found) != nullptr && found.type == jbvBinary)
        ForEachElement(JsonbValueToJsonb(&found),
                       [&names](const JsonbValue* name) { names = lappend(names, const_cast<char*>(TextOfScalar(name))); });
    return names;
}

Refused RefusedOf(JsonbContainer* item) {
    const char *kind = MemberOf(item, "kind"), *target = MemberOf(item, "relation");
    if (kind == nullptr || target == nullptr)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("a refused access is of nothing")));
    return Refused{kind[0],
                   DatumGetObjectId(DirectFunctionCall1(oidin, CStringGetDatum(target))),
                   MemberOf(item, "schema"),
                   MemberOf(item, "name"),
                   MemberOf(item, "command"),
                   NamesIn(item, "columns")};
}

// The commands on one object, as a warrant_internal.item.
Datum ItemOf(const Refused* refused, int count, int64 policy, TupleDesc shape) {
    ArrayBuildState* commands = initArrayResult(TEXTOID, CurrentMemoryContext, false);
    List* columns = NIL;
    for (int i = 0; i < count; i++)
        columns = list_concat(columns, refused[i].columns);
    for (int i = 0; i < count; i++)
        commands = accumArrayResult(commands, TextDatum(refused[i].command), refused[i].command == nullptr, TEXTOID, CurrentMemoryContext);
    Datum values[] = {CharGetDatum(refused->kind),
                      ObjectIdGetDatum(refused->target),
                      NameDatum(refused->schema),
                      NameDatum(refused->name),
                      makeArrayResult(commands, CurrentMemoryContext),
                      Int64GetDatum(policy),
                      ColumnNumbers(refused->target, columns)};
    bool nulls[lengthof(values)] = {false, false, refused->schema == nullptr, refused->name == nullptr, false, false, columns == NIL};
    return HeapTupleGetDatum(heap_form_tuple(shape, values, nulls));
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// policies_to_ask(items jsonb) -> bigint[]: the policies of the items that an approval would help, each once, in order.
WARRANT_FUNCTION(warrant_policies_to_ask) {
    Jsonb* items = PG_GETARG_JSONB_P(0);
    int64* ids = static_cast<int64*>(palloc((JB_ROOT_COUNT(items) + 1) * sizeof(int64)));
    int count = 0;
    ForEachItem(items, [ids, &count](JsonbContainer* item) {
        const char *answer = MemberOf(item, "answer"), *policy = MemberOf(item, "policy");
        if (answer != nullptr && policy != nullptr && strcmp(answer, "request") == 0)
            ids[count++] = NumberOf(policy);
    });
    qsort(ids, count, sizeof(int64), CompareIds);
    ArrayBuildState* policies = initArrayResult(INT8OID, CurrentMemoryContext, false);
    for (int i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            policies = accumArrayResult(policies, Int64GetDatum(ids[i]), false, INT8OID, CurrentMemoryContext);
    PG_RETURN_DATUM(makeArrayResult(policies, CurrentMemoryContext));
}

// items_refused(items jsonb, policy bigint) -> warrant_internal.item[]: the items under the policy, each object once with all its commands.
WARRANT_FUNCTION(warrant_items_refused) {
    Jsonb* items = PG_GETARG_JSONB_P(0);
    Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
    TupleDesc shape = lookup_rowtype_tupdesc_copy(type, -1);
    Refused* refused = static_cast<Refused*>(MemoryContextAllocHuge(CurrentMemoryContext, (JB_ROOT_COUNT(items) + 1) * sizeof(Refused)));
    int count = 0;
    ForEachUnder(items, PG_GETARG_INT64(1), [refused, &count](JsonbContainer* item) { refused[count++] = RefusedOf(item); });
    qsort(refused, count, sizeof(Refused), CompareRefused);
    ArrayBuildState* made = initArrayResult(type, CurrentMemoryContext, false);
    for (int begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && CompareTargets(&refused[begin], &refused[end]) == 0; end++) {
        }
        made = accumArrayResult(made, ItemOf(&refused[begin], end - begin, PG_GETARG_INT64(1), shape), false, type, CurrentMemoryContext);
    }
    PG_RETURN_DATUM(makeArrayResult(made, CurrentMemoryContext));
}

// rows_refused(items jsonb, policy bigint) -> bigint: the most rows that are estimated for an item under the policy; NULL: nobody knows.
WARRANT_FUNCTION(warrant_rows_refused) {
    int64 most = -1;
    ForEachUnder(PG_GETARG_JSONB_P(0), PG_GETARG_INT64(1), [&most](JsonbContainer* item) {
        const char* rows = MemberOf(item, "rows");
        most = std::max(most, rows == nullptr ? int64(-1) : NumberOf(rows));
    });
    if (most < 0)
        PG_RETURN_NULL();
    PG_RETURN_INT64(most);
}
