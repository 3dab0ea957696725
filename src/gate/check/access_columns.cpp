#include "pg/server.hpp"

#include "queue/entry.hpp"
#include "statement/statement_record.hpp"
#include "gate/check/access_columns.hpp"

namespace warrant {

namespace {

constexpr int PlaceOf(AttrNumber number) { return number - FirstLowInvalidHeapAttributeNumber; }

AttrNumber NumberOf(const char* column, const GoverningPolicies* policies) {
    for (int i = 0; i < policies->column_count; i++)
        if (strcmp(NameStr(policies->columns[i].name), column) == 0)
            return policies->columns[i].number;
    return InvalidAttrNumber;
}

}    // namespace

TouchedColumns DecidedColumns(const Access& access, const GoverningPolicies* policies) {
    if (access.column != nullptr) {
        AttrNumber number = NumberOf(access.column, policies);
        return number == InvalidAttrNumber ? TouchedColumns{} : TouchedColumns{false, bms_make_singleton(PlaceOf(number))};
    }
    if (access.touched.all || policies->column_count == 0)
        return access.touched;
    Bitmapset* left = bms_copy(access.touched.some);
    for (int i = 0; i < policies->column_count; i++)
        if (policies->columns[i].number != InvalidAttrNumber)
            left = bms_del_member(left, PlaceOf(policies->columns[i].number));
    return TouchedColumns{false, left};
}

const char* NamesOf(Oid relation, const TouchedColumns& touched) {
    if (touched.all || bms_is_member(PlaceOf(InvalidAttrNumber), touched.some))
        return nullptr;
    constexpr char cut[] = ",null]";
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '[');
    for (int place = -1; (place = bms_next_member(touched.some, place)) >= 0;) {
        const char* name = get_attname(relation, AttrNumber(place + FirstLowInvalidHeapAttributeNumber), true);
        int before = json.len;
        if (name == nullptr)
            continue;
        if (before > 1)
            appendStringInfoChar(&json, ',');
        escape_json(&json, name);
        if (json.len + int(sizeof cut) > most_columns_bytes) {
            json.data[json.len = before] = '\0';
            appendStringInfoString(&json, cut);
            return json.data;
        }
    }
    appendStringInfoChar(&json, ']');
    return json.data;
}

void NameColumns(CheckedAccess* checked, int count) {
    for (int i = 0; i < count; i++) {
        if (likely(checked[i].access.touched.all))
            continue;
        checked[i].columns = NamesOf(checked[i].access.relation, checked[i].access.touched);
        checked[i].access.touched.all = checked[i].columns == nullptr;
    }
}

}    // namespace warrant
