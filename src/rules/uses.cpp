#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/installation.hpp"
#include "rules/uses.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_uses[] = {{"uses_left"}};

}    // namespace

int32_t UsesLeft(int64_t grant_id) {
    const Installation* own = RequireInstallation();
    Oid uses = get_relname_relid("grant_uses", own->schema);
    if (!OidIsValid(uses))
        return 0;
    int32_t left = 0;
    CommittedScan scan;
    BeginOwn(&scan, of_uses, uses, [own] { return get_relname_relid("grant_uses_pkey", own->schema); });
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(grant_id));
    ForEachCommitted(&scan, &key, 1, [&left](Datum* values, bool*) { left = DatumGetInt32(values[0]); });
    EndCommitted(&scan);
    return left;
}

bool FindUseCost(int64_t grant_id, UseCost* cost) {
    bool spent = use_is_spent != nullptr && use_is_spent(grant_id);    // no hooks, no statement: at a console, in pg_upgrade
    *cost = spent ? UseCost::Paid : UseCost::OneUse;
    return *cost == UseCost::Paid || UsesLeft(grant_id) > 0;
}

}    // namespace warrant
