#include "pg/server.hpp"

#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/grants.hpp"
#include "rules/policy.hpp"
#include "rules/subject.hpp"
#include "gate/access/access.hpp"
#include "gate/check/narrow_request.hpp"

namespace warrant {

namespace {

// What warrant.request takes at most.
constexpr int most_columns = 100;

// The names as the text of an array, or nullptr where a request cannot name them all.
const char* ArrayOf(Oid relation, const TouchedColumns& touched) {
    Datum names[most_columns];
    int count = 0;
    for (int place = -1; (place = bms_next_member(touched.some, place)) >= 0;) {
        AttrNumber number = AttrNumber(place + FirstLowInvalidHeapAttributeNumber);
        const char* name = number <= InvalidAttrNumber ? nullptr : get_attname(relation, number, true);
        if (name == nullptr || count == most_columns)
            return nullptr;
        names[count++] = CStringGetDatum(pstrdup(name));
    }
    if (count == 0)
        return nullptr;
    ArrayType* array = construct_array(names, count, CSTRINGOID, -2, false, TYPALIGN_CHAR);
    return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

// The request for what is asked of the relation; nullptr where columns alone would not be enough.
const char* RequestFor(Oid relation, const RefusedAccess* asked, int count) {
    StringInfoData commands;
    initStringInfo(&commands);
    TouchedColumns touched = {false, nullptr};
    const GoverningPolicies* policies = nullptr;
    for (int i = 0; i < count; i++) {
        if (asked[i].access.relation != relation)
            continue;
        if (!IsOnColumns(asked[i].access.command) || asked[i].policy->column_count > 0 || asked[i].policy->exact || asked[i].access.touched.all)
            return nullptr;
        policies = asked[i].policies;
        touched = Both(touched, asked[i].access.touched);
        appendStringInfo(&commands, "%s%s", commands.len == 0 ? "" : ",", NameOf(asked[i].access.command));
    }
    const char* columns = ArrayOf(relation, touched);
    const char* name = quote_qualified_identifier(NameStr(policies->schema_name), NameStr(policies->relation_name));
    return columns == nullptr ? nullptr
                              : psprintf("SELECT warrant.request('{%s}', on_table => %s, columns => %s);", commands.data, quote_literal_cstr(name),
                                         quote_literal_cstr(columns));
}

}    // namespace

const char* WhatColumnsNeed(const RefusedAccess* asked, int count) {
    for (int i = 0; i < count; i++) {
        const RefusedAccess* item = &asked[i];
        if (item->access.touched.all || item->policy == nullptr || !IsOnColumns(item->access.command) ||
            !FindGrantOnColumns(CurrentSubject(), item->policies))
            continue;
        const char* request = RequestFor(item->access.relation, asked, count);
        // What cannot be copied as it looks is not offered.
        if (request != nullptr && strcmp(request, AsWritten(request, int(strlen(request)))) == 0)
            return psprintf("\nYou have a grant on some columns. This asks for those of the statement alone:\n%s", request);
    }
    return "";
}

}    // namespace warrant
