// The policies that SQL names by their numbers, or hands over.
#pragma once

#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/policy.hpp"

namespace warrant {

// A row of warrant.policies that SQL hands over; nullptr for NULL.
Policy* PolicyArgument(FunctionCallInfo fcinfo, int number);

struct Ids {
    int count;
    int64* items;
};

// The numbers in an array; 0, which no policy has, for NULL.
inline Ids IdsOf(ArrayType* array) {
    Datum* elements;
    bool* nulls;
    Ids ids = {0, nullptr};
    deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, &ids.count);
    ids.items = static_cast<int64*>(palloc(ids.count * sizeof(int64)));
    for (int i = 0; i < ids.count; i++)
        ids.items[i] = nulls[i] ? 0 : DatumGetInt64(elements[i]);
    return ids;
}

inline bool IsAmong(const Ids& ids, int64 id) {
    for (int i = 0; i < ids.count; i++)
        if (ids.items[i] == id)
            return true;
    return false;
}

// Calls visit(id, values, nulls) for these columns of each policy that is there, in the order of the ids. Values live until the next one.
template <class Visit>
void ForEachPolicy(const OwnColumns& columns, const Ids& ids, Visit visit) {
    CommittedScan scan;
    BeginOwn(
        &scan, columns, RequireInstallation()->policies, [] { return get_relname_relid("policies_pkey", RequireInstallation()->schema); },
        Rows::OfTransaction);
    for (int i = 0; i < ids.count; i++) {
        ScanKeyData key;
        ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(ids.items[i]));
        ForEachCommitted(&scan, &key, 1, [&](Datum* values, bool* nulls) { visit(ids.items[i], values, nulls); });
    }
    EndCommitted(&scan);
}

}    // namespace warrant
