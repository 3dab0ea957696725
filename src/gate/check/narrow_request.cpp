#include "pg/server.hpp"

#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/grants.hpp"
#include "rules/policy.hpp"
#include "rules/subject.hpp"
#include "gate/access/access.hpp"
#include "gate/check/how_to_ask.hpp"
#include "gate/check/narrow_request.hpp"

namespace warrant {

namespace {

// What warrant.request takes at most.
constexpr int most_columns = 100;

// The names (char*) of what is touched; NIL where a request cannot name them all.
List* NamesIn(Oid relation, const TouchedColumns& touched) {
    List* names = NIL;
    for (int place = -1; (place = bms_next_member(touched.some, place)) >= 0;) {
        AttrNumber number = AttrNumber(place + FirstLowInvalidHeapAttributeNumber);
        char* name = number <= InvalidAttrNumber ? nullptr : get_attname(relation, number, true);
        if (name == nullptr || list_length(names) == most_columns)
            return NIL;
        names = lappend(names, name);
    }
    return names;
}

// The request for what is asked of the relation; nullptr where columns alone would not be enough.
const char* RequestFor(Oid relation, const RefusedAccess* asked, int count) {
    RefusedAccess* of_relation = static_cast<RefusedAccess*>(palloc(count * sizeof(RefusedAccess)));
    int found = 0;
    CommandMask commands = 0;
    TouchedColumns touched = {false, nullptr};
    for (int i = 0; i < count; i++) {
        if (asked[i].access.relation != relation)
            continue;
        if (!IsOnColumns(asked[i].access.command) || asked[i].policy->column_count > 0 || asked[i].policy->exact || asked[i].access.touched.all)
            return nullptr;
        of_relation[found++] = asked[i];
        commands |= MaskOf(asked[i].access.command);
        touched = Both(touched, asked[i].access.touched);
    }
    RefusedAccess item = of_relation[0];
    item.columns = NamesIn(relation, touched);
    return item.columns == NIL ? nullptr : CallFor(&item, commands, ClaimsOf(of_relation, found));
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
