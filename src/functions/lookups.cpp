// What every action of the workflow looks up several times. A query in PL/pgSQL takes some 25 us each time, of which these take one or two.
#include "pg/server.hpp"

#include <algorithm>

#include "rules/approvers.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "functions/lookups.hpp"
#include "functions/values.hpp"

namespace warrant {

namespace {

const char* NameOfRelation(Oid relation, Oid* schema) {
    *schema = get_rel_namespace(relation);
    return get_rel_name(relation);
}

// One item of a request, for its key.
struct KeyItem {
    char kind;
    Oid target;
    int64 policy;
    char* commands;
    char* columns;    // empty for the whole relation
};

KeyItem KeyItemOf(HeapTupleHeader item) {
    auto column = [item](const char* name) {
        bool is_null;
        Datum value = GetAttributeByName(item, name, &is_null);
        if (is_null)
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("an item of a request has no %s", name)));
        return value;
    };
    bool whole;
    Datum columns = GetAttributeByName(item, "columns", &whole);
    return KeyItem{DatumGetChar(column("target_kind")), DatumGetObjectId(column("target")), DatumGetInt64(column("policy_id")),
                   OidOutputFunctionCall(F_ARRAY_OUT, column("commands")), whole ? pstrdup("") : OidOutputFunctionCall(F_ARRAY_OUT, columns)};
}

int CompareKeyItems(const void* a, const void* b) {
    const KeyItem *left = static_cast<const KeyItem*>(a), *right = static_cast<const KeyItem*>(b);
    if (left->kind != right->kind)
        return uint8(left->kind) < uint8(right->kind) ? -1 : 1;
    if (left->target != right->target)
        return left->target < right->target ? -1 : 1;
    return CompareIds(&left->policy, &right->policy);
}

}    // namespace

void TakeNamesNow(char kind, Oid object, Datum* names, bool* nulls) {
    Oid schema = kind == 's' ? object : InvalidOid;
    const char* relation = kind == 't' ? NameOfRelation(object, &schema) : nullptr;
    const char* name = OidIsValid(schema) ? get_namespace_name(schema) : nullptr;
    if (name == nullptr)
        return;
    names[0] = NameDatum(name);
    nulls[0] = false;
    if (relation != nullptr) {
        names[1] = NameDatum(relation);
        nulls[1] = false;
    }
}

Datum ColumnNumbers(Oid relation, const List* columns) {
    List* found = NIL;
    ListCell* cell;
    foreach (cell, columns) {
        AttrNumber number = get_attnum(relation, static_cast<const char*>(lfirst(cell)));
        if (number > 0)
            found = list_append_unique_int(found, number);
    }
    list_sort(found, list_int_cmp);
    ArrayBuildState* numbers = initArrayResult(INT2OID, CurrentMemoryContext, false);
    foreach (cell, found)
        numbers = accumArrayResult(numbers, Int16GetDatum(int16(lfirst_int(cell))), false, INT2OID, CurrentMemoryContext);
    return makeArrayResult(numbers, CurrentMemoryContext);
}

}    // namespace warrant

using namespace warrant;

// is_home() -> boolean: whether this is the database where the grants were made, not a copy of it.
WARRANT_FUNCTION(warrant_is_home) { PG_RETURN_BOOL(IsCreatedHere() || AreAtHome(Rows::OfTransaction)); }

// role_exists(role oid) -> boolean: false for NULL.
WARRANT_FUNCTION(warrant_role_exists) { PG_RETURN_BOOL(!PG_ARGISNULL(0) && SearchSysCacheExists1(AUTHOID, PG_GETARG_DATUM(0))); }

// system_identifier() -> bigint: the server's, as pg_control_system() says it, without reading a file.
WARRANT_FUNCTION(warrant_system_identifier) { PG_RETURN_INT64(int64(GetSystemIdentifier())); }

// person_of(role oid, authenticated text) -> text: the person behind a role: as the DBA said, as the server authenticated the session, or the role.
WARRANT_FUNCTION(warrant_person_of) {
    Oid role = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
    if (const char* person = OidIsValid(role) ? PersonOf(role) : nullptr)
        PG_RETURN_TEXT_P(cstring_to_text(person));
    if (!PG_ARGISNULL(1))
        PG_RETURN_DATUM(PG_GETARG_DATUM(1));
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    const char* name = GetUserNameFromId(role, true);
    PG_RETURN_TEXT_P(cstring_to_text(name != nullptr ? name : psprintf("role %u", role)));
}

// are_persons_known() -> boolean: whether the DBA has made a person of any login.
WARRANT_FUNCTION(warrant_are_persons_known) { PG_RETURN_BOOL(ArePersonsKnown()); }

// members_of(role oid) -> oid[]: all members of a role now, through whatever other roles.
WARRANT_FUNCTION(warrant_members_of) {
    List* roles = PG_ARGISNULL(0) ? NIL : WithMembers(PG_GETARG_OID(0));
    int count = std::max(list_length(roles) - 1, 0);
    Datum* members = static_cast<Datum*>(palloc((count + 1) * sizeof(Datum)));
    for (int i = 0; i < count; i++)
        members[i] = ObjectIdGetDatum(list_nth_oid(roles, i + 1));
    PG_RETURN_ARRAYTYPE_P(construct_array(members, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

// is_known_as(role oid, names text[]) -> boolean: whether the role or a member of it is known by one of the names, as a person or by an identity.
WARRANT_FUNCTION(warrant_is_known_as) {
    Datum* elements;
    bool* nulls;
    int count;
    List* names = NIL;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    for (int i = 0; i < count; i++)
        if (!nulls[i])
            names = lappend(names, TextDatumGetCString(elements[i]));
    PG_RETURN_BOOL(IsOneKnownAs(WithMembers(PG_GETARG_OID(0)), names));
}

// elements_of(list jsonb) -> text[]: the elements of an array of scalars, as ->> has them; NULL for NULL.
WARRANT_FUNCTION(warrant_elements_of) {
    Jsonb* list = PG_GETARG_JSONB_P(0);
    ArrayBuildState* elements = initArrayResult(TEXTOID, CurrentMemoryContext, false);
    ForEachElement(list, [&elements](const JsonbValue* value) {
        const char* text = TextOfScalar(value);
        elements = accumArrayResult(elements, TextDatum(text), text == nullptr, TEXTOID, CurrentMemoryContext);
    });
    PG_RETURN_DATUM(makeArrayResult(elements, CurrentMemoryContext));
}

// object_now(kind "char", object oid, schema_name name, relation_name name) -> (schema_name, relation_name): what an object is called now, for audit
// rows; once it is gone, the names that are stored beside its OID.
WARRANT_FUNCTION(warrant_object_now) {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("names of an object are asked for where there is no room for them")));
    Datum names[2] = {PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    bool nulls[2] = {PG_ARGISNULL(2), PG_ARGISNULL(3)};
    TakeNamesNow(PG_ARGISNULL(0) ? '\0' : PG_GETARG_CHAR(0), PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1), names, nulls);
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), names, nulls)));
}

// policies_of(items warrant_internal.item[]) -> bigint[]: the policies of the items, each once, in order; NULL without items.
WARRANT_FUNCTION(warrant_policies_of) {
    ArrayType* items = PG_GETARG_ARRAYTYPE_P(0);
    Datum* elements;
    bool* nulls;
    int count;
    deconstruct_array(items, ARR_ELEMTYPE(items), -1, false, TYPALIGN_DOUBLE, &elements, &nulls, &count);
    int64* ids = static_cast<int64*>(palloc(count * sizeof(int64)));
    for (int i = 0; i < count; i++) {
        bool is_null = true;
        Datum id = nulls[i] ? Datum(0) : GetAttributeByName(DatumGetHeapTupleHeader(elements[i]), "policy_id", &is_null);
        ids[i] = is_null ? 0 : DatumGetInt64(id);    // which nobody may decide
    }
    if (count == 0)
        PG_RETURN_NULL();
    qsort(ids, count, sizeof(int64), CompareIds);
    Datum* policies = static_cast<Datum*>(palloc(count * sizeof(Datum)));
    int different = 0;
    for (int i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            policies[different++] = Int64GetDatum(ids[i]);
    PG_RETURN_ARRAYTYPE_P(construct_array(policies, different, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

// key_of(items warrant_internal.item[]) -> text: a digest of what the items are, in whatever order they come.
WARRANT_FUNCTION(warrant_key_of) {
    ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
    Datum* elements;
    int count;
    deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &elements, nullptr, &count);
    KeyItem* items = static_cast<KeyItem*>(palloc(count * sizeof(KeyItem)));
    for (int i = 0; i < count; i++)
        items[i] = KeyItemOf(DatumGetHeapTupleHeader(elements[i]));
    qsort(items, count, sizeof(KeyItem), CompareKeyItems);
    StringInfoData text;
    initStringInfo(&text);
    for (int i = 0; i < count; i++)
        appendStringInfo(&text, "%s%c:%u:" INT64_FORMAT ":%s%s", i == 0 ? "" : ";", items[i].kind, items[i].target, items[i].policy,
                         items[i].commands, items[i].columns);
    bytea* digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(cstring_to_text_with_len(text.data, text.len))));
    char hex[2 * PG_SHA256_DIGEST_LENGTH];
    hex_encode(VARDATA_ANY(digest), PG_SHA256_DIGEST_LENGTH, hex);
    PG_RETURN_TEXT_P(cstring_to_text_with_len(hex, sizeof hex));
}
