// What every action of the workflow looks up several times. A query in PL/pgSQL takes some 25 us each time, of which these take one or two.
#include "pg/server.hpp"

#include "rules/approvers.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"

namespace warrant {

namespace {

const char* NameOfRelation(Oid relation, Oid* schema) {
    *schema = get_rel_namespace(relation);
    return get_rel_name(relation);
}

Datum NameDatum(const char* name) { return DirectFunctionCall1(namein, CStringGetDatum(name)); }

int CompareIds(const void* a, const void* b) {
    int64 left = *static_cast<const int64*>(a), right = *static_cast<const int64*>(b);
    return left < right ? -1 : left > right;
}

}    // namespace

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

// object_now(kind "char", object oid, schema_name name, relation_name name) -> (schema_name, relation_name): what an object is called now, for audit
// rows; once it is gone, the names that are stored beside its OID.
WARRANT_FUNCTION(warrant_object_now) {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("names of an object are asked for where there is no room for them")));
    Datum names[2] = {PG_GETARG_DATUM(2), PG_GETARG_DATUM(3)};
    bool nulls[2] = {PG_ARGISNULL(2), PG_ARGISNULL(3)};
    char kind = PG_ARGISNULL(0) ? '\0' : PG_GETARG_CHAR(0);
    Oid object = PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1), schema = kind == 's' ? object : InvalidOid;
    const char* relation = kind == 't' ? NameOfRelation(object, &schema) : nullptr;
    if (const char* name = OidIsValid(schema) ? get_namespace_name(schema) : nullptr) {
        names[0] = NameDatum(name);
        nulls[0] = false;
        if (relation != nullptr) {
            names[1] = NameDatum(relation);
            nulls[1] = false;
        }
    }
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
