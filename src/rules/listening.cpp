#include "pg/server.hpp"

#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/invalidation.hpp"

namespace warrant {

namespace {

// No catalog access in callbacks: they only set flags.
void OnRelation(Datum, Oid relation) {
    if (IsKnownIndex(relation))
        InvalidateInstallation();
    if (!OidIsValid(relation) || !InstallationIsKnown() || known_installation == nullptr || relation == known_installation->policy_epoch)
        policy_generation++;
    InvalidateGoverningPolicies(relation);
    InvalidateGrantsOf(relation);
}

void OnRoles(Datum, CacheNumber, uint32) { decision_generation++; }

void OnNamespace(Datum, CacheNumber, uint32) {
    InvalidateInstallation();
    InvalidateGoverningPolicies(InvalidOid);
}

}    // namespace

void RegisterForInvalidations() {
    CacheRegisterRelcacheCallback(OnRelation, Datum(0));
    CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, OnRoles, Datum(0));
    CacheRegisterSyscacheCallback(AUTHOID, OnRoles, Datum(0));
    CacheRegisterSyscacheCallback(NAMESPACEOID, OnNamespace, Datum(0));
    listening_for_invalidations = true;
}

}    // namespace warrant
