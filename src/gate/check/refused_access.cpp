#include "pg/server.hpp"

#include "rules/automatic.hpp"
#include "rules/commands.hpp"
#include "gate/access/access.hpp"
#include "gate/check/access_columns.hpp"
#include "gate/check/refused_access.hpp"

namespace warrant {

namespace {

bool IsSamePolicy(const Policy* a, const Policy* b) { return a == b || (a != nullptr && b != nullptr && a->id == b->id); }

// What is among the items for the same command, relation and policy, perhaps for another column; nullptr when there is none.
RefusedAccess* FindAmong(RefusedAccess* items, int count, const Access& access, const Policy* policy) {
    for (int i = 0; i < count; i++) {
        RefusedAccess* item = &items[i];
        if (item->access.relation == access.relation && item->access.command == access.command && IsSamePolicy(item->policy, policy))
            return item;
    }
    return nullptr;
}

}    // namespace

TargetKind TargetKindOf(const GoverningPolicies* policies) {
    switch (policies->relkind) {
        case relkind_schema: return TargetKind::Schema;
        case relkind_database: return TargetKind::Database;
        default: return TargetKind::Table;
    }
}

const char* NameOfTarget(const RefusedAccess* item) {
    switch (TargetKindOf(item->policies)) {
        case TargetKind::Schema: return NameStr(item->policies->schema_name);
        case TargetKind::Database: return get_database_name(MyDatabaseId);
        default: return NameStr(item->policies->relation_name);
    }
}

void AddItem(RefusedAccess* items, int* count, const Access& access, const GoverningPolicies* policies, const Decision* decision, Oid subject) {
    RefusedAccess* item = FindAmong(items, *count, access, decision->policy);
    if (item == nullptr) {
        item = &items[(*count)++];
        *item = RefusedAccess{access, decision->policy, policies, decision->answer, WhyRefused(decision, subject), AdviceFor(decision->lack),
                              NIL,    missed_grant};
        item->access.column = nullptr;
        item->access.touched = DecidedColumns(access, policies);
    } else {
        item->access.touched = Both(item->access.touched, DecidedColumns(access, policies));
    }
    if (access.column != nullptr && decision->policy != nullptr && decision->policy->column_count > 0 && IsOnColumns(access.command))
        item->columns = WithColumn(item->columns, access.column);
}

}    // namespace warrant
