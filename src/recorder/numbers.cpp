#include "pg/server.hpp"

#include "rules/installation.hpp"
#include "recorder/numbers.hpp"

namespace warrant {

namespace {

// The sequences that definition functions, and dumps, take numbers from.
const char* const sequences[] = {"policies_id_seq", "webhooks_id_seq", "audit_unsealed_id_seq"};

// Sets the sequence to where it is: once set, it does not believe that the next 32 numbers are logged.
void Set(Oid sequence) {
    LOCAL_FCINFO(call, 1);
    InitFunctionCallInfoData(*call, nullptr, 1, InvalidOid, nullptr, nullptr);
    call->args[0] = NullableDatum{ObjectIdGetDatum(sequence), false};
    Datum last = pg_sequence_last_value(call);
    if (!call->isnull)
        DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), last);
}

}    // namespace

// Under wal_level = minimal a transaction logs nothing of the sequences that it makes, and yet they count what they have given as logged. They
// are set as a user who may do so, because the session may have become somebody else meanwhile.
void KeepNumbers() {
    Oid schema = OwnSchema();
    if (!OidIsValid(schema) || XLogIsNeeded())
        return;
    Oid user;
    int context;
    bool read_only = XactReadOnly;
    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
    XactReadOnly = false;
    for (const char* name : sequences)
        if (Oid sequence = get_relname_relid(name, schema); OidIsValid(sequence))
            Set(sequence);
    XactReadOnly = read_only;
    SetUserIdAndSecContext(user, context);
}

}    // namespace warrant
