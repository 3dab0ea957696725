#include "pg/server.hpp"

#include "pg/words.hpp"
#include "rules/committed.hpp"
#include "rules/governing_policies.hpp"
#include "rules/policies.hpp"
#include "rules/subject.hpp"
#include "gate/check/committed_items.hpp"
#include "gate/check/refusal_error.hpp"

namespace warrant {

namespace {

// The nearest ancestor that others can see, the relation itself first; InvalidOid when there is none.
Oid CommittedTarget(const RefusedAccess* item) {
    if (item->policies->ancestor_count == 0)
        return IsCommitted(RelationRelationId, ClassOidIndexId, item->access.relation) ? item->access.relation : InvalidOid;
    for (int i = 0; i < item->policies->ancestor_count; i++)
        if (IsCommitted(RelationRelationId, ClassOidIndexId, item->policies->ancestors[i]))
            return i == 0 ? item->access.relation : item->policies->ancestors[i];
    return InvalidOid;
}

// Whether an earlier item is about the access of the last one; it takes the columns of that.
bool Repeats(RefusedAccess* items, int last) {
    for (int i = 0; i < last; i++) {
        if (!IsSameAccess(items[i].access, items[last].access) || items[i].policy != items[last].policy)
            continue;
        ListCell* cell;
        foreach (cell, items[last].columns)
            items[i].columns = WithColumn(items[i].columns, static_cast<char*>(lfirst(cell)));
        return true;
    }
    return false;
}

}    // namespace

const char* AskForCommitted(RefusedAccess* items, int* count) {
    constexpr const char* advice = "Run the statement again once what it needs is committed.";
    // Of a role that is gone, and has no name, the recorder tells.
    const char* subject = GetUserNameFromId(CurrentSubject(), true);
    if (subject != nullptr && !IsCommitted(AuthIdRelationId, AuthIdOidIndexId, CurrentSubject()))
        return psprintf("role \"%s\" is not committed yet\n%s", Shown(subject), advice);
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        RefusedAccess* item = &items[kept++];
        *item = items[i];
        TargetKind kind = TargetKindOf(item->policies);
        if (kind == TargetKind::Schema && !IsCommitted(NamespaceRelationId, NamespaceOidIndexId, item->access.relation))
            return psprintf(
                "schema \"%s\" is not committed yet\nCommit it first, or ask for CREATE on the database: SELECT"
                " warrant.request('{CREATE}', on_database => true).",
                NameOfTarget(item));
        if (kind != TargetKind::Table)
            continue;
        Oid target = CommittedTarget(item);
        if (!OidIsValid(target))
            return psprintf("%s \"%s\" is not committed yet\n%s", KindOf(item->policies), NameOfTarget(item), advice);
        if (target == item->access.relation)
            continue;
        item->access.relation = target;
        item->policies = FindGoverningPolicies(target);
        kept -= Repeats(items, kept - 1);
    }
    *count = kept;
    return nullptr;
}

}    // namespace warrant
