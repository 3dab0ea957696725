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
// that started it. That saves the fast path a third of its instructions.
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

// Where the extension must be and is not, what a gated subject touches is looked up all the same, and that raises 55000. Not so in the
// transaction that brings the extension back, which fills its tables, and what materialized views read.
pg_noinline bool IsMissed() {
    const char* required = settings.required_databases;
    return required[0] != '\0' && !GateIsOff() && !IsCreatedHere() &&
           IsListed(required, get_database_name(MyDatabaseId)) && !PassesWhereMissed();
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
