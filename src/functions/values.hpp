// Values of SQL, as the functions of the workflow read and make them.
#pragma once

#include "pg/server.hpp"

#include "pg/errors.hpp"

namespace warrant {

// For nullptr, which stands for NULL, the Datum says nothing.
inline Datum NameDatum(const char* name) { return name == nullptr ? Datum(0) : DirectFunctionCall1(namein, CStringGetDatum(name)); }
inline Datum TextDatum(const char* text) { return text == nullptr ? Datum(0) : CStringGetTextDatum(text); }

// The elements of an array of oid.
inline List* OidsOf(ArrayType* array) {
    Datum* elements;
    int count;
    List* oids = NIL;
    deconstruct_array(array, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count; i++)
        oids = lappend_oid(oids, DatumGetObjectId(elements[i]));
    return oids;
}

// For qsort of int64.
inline int CompareIds(const void* a, const void* b) {
    int64 left = *static_cast<const int64*>(a), right = *static_cast<const int64*>(b);
    return left < right ? -1 : left > right;
}

// A scalar as ->> has it; nullptr for null. Raises 22023 for what is neither text nor a number.
inline const char* TextOfScalar(const JsonbValue* value) {
    if (value->type == jbvNull)
        return nullptr;
    if (value->type == jbvNumeric)
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
    if (value->type != jbvString)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("an argument of the call is neither text nor a number")));
    return pnstrdup(value->val.string.val, value->val.string.len);
}

// Calls visit(value) for each element of an array.
template <class Visit>
void ForEachElement(Jsonb* array, Visit visit) {
    JsonbIterator* iterator = JsonbIteratorInit(&array->root);
    JsonbValue value;
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        CHECK_FOR_INTERRUPTS();
        if (token == WJB_ELEM)
            visit(&value);
    }
}

}    // namespace warrant
