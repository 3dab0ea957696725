#include "pg/server.hpp"

#include "pg/process.hpp"
#include "pg/settings.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/presence.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

// A transaction absorbs invalidations when it starts, and for each lock that it takes: its first check need not, while it is in the message
// that started it. That saves 75 of 44,700 instructions.
void AbsorbInvalidations() {
    static LocalTransactionId checked = InvalidLocalTransactionId;
    bool first = checked != MyTransactionNumber();
    checked = MyTransactionNumber();
    if (!first || GetCurrentTransactionStartTimestamp() != GetCurrentStatementStartTimestamp())
        AcceptInvalidationMessages();
}

// Superusers pass where the extension is missing, because one must be able to bring it back.
bool PassesWhereMissed() {
    auto passes = [](Oid user) { return superuser_arg(user) || IsExempt(user); };
    Oid subject = CurrentSubject();
    ActingUser other;
    return passes(subject) && !FindActorWithout(&other, subject, passes);
}

// Whether required_databases wants the extension here and it is not there: looking up what a gated subject touches raises 55000 then. False in the
// transaction that brings the extension back, which fills the extension's tables, and what materialized views read.
pg_noinline bool IsMissed() {
    const char* required = settings.required_databases;
    return required[0] != '\0' && !GateIsOff() && !IsCreatedHere() && IsListed(required, get_database_name(MyDatabaseId)) && !PassesWhereMissed();
}

}    // namespace

bool GateIsPresentInTransaction() {
    if (is_own_worker)
        return false;
    AbsorbInvalidations();
    ReleaseOldGoverningPolicies();
    return FindInstallation() != nullptr || IsMissed();
}

bool GateIsPresent() { return IsTransactionState() && GateIsPresentInTransaction(); }

}    // namespace warrant
