// SQL's view of the rules: what definition functions and the workflow ask of C++.
#include "pg/server.hpp"

#include "pg/clock.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "rules/approvers.hpp"
#include "rules/automatic.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/policy.hpp"
#include "rules/subject.hpp"
#include "rules/survey.hpp"
#include "rules/weakening.hpp"
#include "queue/guards.hpp"
#include "recorder/seal.hpp"
#include "functions/asked.hpp"
#include "functions/policies_by_id.hpp"
#include "functions/values.hpp"

namespace warrant {

namespace {

struct GovernedCommands {
    int64_t policy;    // hash key
    CommandMask commands;
};

void PutGoverned(ReturnSetInfo* result, Oid relation, int64_t policy, CommandMask commands) {
    Datum values[3] = {ObjectIdGetDatum(relation), Int64GetDatum(policy), CommandsAsArray(commands)};
    bool nulls[3] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// The grantee of a row of warrant.grant_scopes.
Oid GranteeOf(const TriggerData* trigger, HeapTuple row) {
    constexpr OwnColumn grantee[] = {{"grantee"}};
    int16_t place;
    bool is_null;
    FindPlaces(grantee, RelationGetDescr(trigger->tg_relation), &place);
    return DatumGetObjectId(heap_getattr(row, place + 1, RelationGetDescr(trigger->tg_relation), &is_null));
}

// Grants of the role were made or ended: sessions hear of it, and the recorder looks at what that guards.
void NoteGrantsOf(Oid role) {
    SendGrantsChanged(role);
    if (seal_state != nullptr)
        NoteGrantee(role);
}

void RequireArguments(FunctionCallInfo fcinfo) {
    for (int i = 0; i < PG_NARGS(); i++)
        if (PG_ARGISNULL(i))
            ereport(ERROR, (errcode(error_bad_argument), errmsg("arguments must not be NULL")));
}

}    // namespace

Policy* PolicyArgument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number))
        return nullptr;
    HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(number);
    TupleDesc columns = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
    HeapTupleData tuple = {};
    tuple.t_len = HeapTupleHeaderGetDatumLength(row);
    tuple.t_data = row;
    Datum* values = static_cast<Datum*>(palloc(columns->natts * sizeof(Datum)));
    bool* nulls = static_cast<bool*>(palloc(columns->natts * sizeof(bool)));
    heap_deform_tuple(&tuple, columns, values, nulls);
    for (int i = 0; i < columns->natts; i++)    // a row that a superuser copies is looked at before the table's constraints are
        if (nulls[i] && TupleDescAttr(columns, i)->attnotnull)
            ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
                            errmsg("column \"%s\" of a policy must not be NULL", NameStr(TupleDescAttr(columns, i)->attname))));
    int16_t places[most_own_columns];
    OwnRow own;
    FindPlaces(of_policy, columns, places);
    TakeOwn(of_policy, places, values, nulls, &own);
    Policy* policy = ReadPolicy(&own);
    ReleaseTupleDesc(columns);
    return policy;
}

Datum CommandsAsArray(CommandMask mask) {
    Datum names[command_count];
    int count = 0;
    for (int i = 0; i < command_count; i++)
        if (mask & MaskOf(Command(i)))
            names[count++] = CStringGetTextDatum(NameOf(Command(i)));
    return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

bool IsMemberByName(Oid role, Oid of) {
    bool exist = SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) && SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(of));
    return exist && is_member_of_role_nosuper(role, of);
}

Oid WhoAsks() {
    Oid subject = CurrentSubject();
    Actors actors;
    FindActors(&actors, subject);
    return actors.count > 0 && actors.by_server ? actors.users[actors.count - 1].user : subject;
}

void RequireRelation(Oid relation) {
    char* name = get_rel_name(relation);
    if (name == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relation)));
    char kind = get_rel_relkind(relation);
    Oid schema = get_rel_namespace(relation);
    if (strchr("rpfvm", kind) == nullptr)
        ereport(ERROR, (errcode(error_wrong_kind), errmsg("\"%s\" cannot be protected", name),
                        errdetail("Tables, partitioned and foreign tables, views and materialized views can.")));
    // The schema is found by name: in the transaction of CREATE EXTENSION there is no installation yet.
    if (relation < FirstNormalObjectId || schema == get_namespace_oid(schema_name, true) || isAnyTempNamespace(schema))
        ereport(ERROR, (errcode(error_wrong_kind), errmsg("\"%s\" cannot be protected", name),
                        errdetail("System catalogues, temporary tables and the tables of the gate itself cannot.")));
}

}    // namespace warrant

using namespace warrant;

// expand_commands(text[]) -> text[]: the commands, groups resolved, in the order of the enumeration.
WARRANT_FUNCTION(warrant_expand_commands) {
    RequireArguments(fcinfo);
    return CommandsAsArray(ParseCommands(PG_GETARG_ARRAYTYPE_P(0)));
}

// check_target(regclass): raises 42809 for what no policy can be about.
WARRANT_FUNCTION(warrant_check_target) {
    RequireArguments(fcinfo);
    RequireRelation(PG_GETARG_OID(0));
    PG_RETURN_VOID();
}

// is_member(role oid, of oid): membership in which a superuser counts by name only.
WARRANT_FUNCTION(warrant_is_member) { PG_RETURN_BOOL(IsMemberByName(PG_GETARG_OID(0), PG_GETARG_OID(1))); }

// is_pool(role oid) -> boolean: whether the role is one of pg_warrant.pool_roles.
WARRANT_FUNCTION(warrant_is_pool) {
    const char* name = GetUserNameFromId(PG_GETARG_OID(0), true);
    PG_RETURN_BOOL(name != nullptr && IsListed(settings.pool_roles, name));
}

// current_subject() -> oid: who asks, as the gate sees it.
WARRANT_FUNCTION(warrant_current_subject) { PG_RETURN_OID(WhoAsks()); }

// governing_policy(subject oid, command text, relation oid) -> policy id, NULL when none governs the access. For scripts up to 0.3.0, and for tests.
WARRANT_FUNCTION(warrant_governing_policy) {
    RequireArguments(fcinfo);
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    Oid relation = PG_GETARG_OID(2);
    CommandMask mask = ParseCommand(TextDatumGetCString(PG_GETARG_DATUM(1)));
    if (mask == 0 || FindInstallation() == nullptr || get_rel_relkind(relation) == '\0')
        PG_RETURN_NULL();
    const Policy* policy = GoverningPolicy(FindGoverningPolicies(relation), PG_GETARG_OID(0), FirstOf(mask));
    if (policy == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_INT64(policy->id);
}

// governing_schema_policy(subject oid, command text, schema oid) -> the policy that governs CREATE there, and other commands on what is
// created there, NULL when none does. For scripts up to 0.3.0.
WARRANT_FUNCTION(warrant_governing_schema_policy) {
    RequireArguments(fcinfo);
    bool creates = PG_NARGS() == 2;    // the script of 0.1.0 names no command
    CommandMask mask = creates ? MaskOf(Command::Create) : ParseCommand(TextDatumGetCString(PG_GETARG_DATUM(1)));
    if (mask == 0 || FindInstallation() == nullptr)
        PG_RETURN_NULL();
    const Policy* policy = GoverningPolicy(ReadSchemaGoverningPolicies(PG_GETARG_OID(creates ? 1 : 2)), PG_GETARG_OID(0), FirstOf(mask));
    if (policy == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_INT64(policy->id);
}

// governing_admin_policy(subject oid) -> the policy that governs ADMIN here, NULL when nothing is protected.
WARRANT_FUNCTION(warrant_governing_admin_policy) {
    RequireArguments(fcinfo);
    if (FindInstallation() == nullptr)
        PG_RETURN_NULL();
    const Policy* policy = GoverningPolicy(ReadDatabaseGoverningPolicies(PG_GETARG_OID(0)), PG_GETARG_OID(0), Command::Admin);
    if (policy == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_INT64(policy->id);
}

// revoked_until(policy bigint, grantee oid) -> timestamptz: until when the policy, of effect auto, makes no grant to the role; NULL when it does.
WARRANT_FUNCTION(warrant_revoked_until) {
    TimestampTz until = FindRevoke(PG_GETARG_INT64(0), PG_GETARG_OID(1), MonotonicNow(), Rows::OfTransaction).until;
    if (until == 0)
        PG_RETURN_NULL();
    PG_RETURN_TIMESTAMPTZ(until);
}

// weakens(before warrant.policies, after warrant.policies) -> whether the change of a policy, made (NULL before) or ended (NULL after), loosens.
WARRANT_FUNCTION(warrant_weakens) {
    PolicyChange change = {PolicyArgument(fcinfo, 0), PolicyArgument(fcinfo, 1)};
    PG_RETURN_BOOL((change.before != nullptr || change.after != nullptr) && Weakens(change));
}

// label_weakens(relation oid, before text, after text) -> boolean: whether another label of the relation, before it is stored, lets more through.
// NULL is no label.
WARRANT_FUNCTION(warrant_label_weakens) {
    auto label = [fcinfo](int number) { return PG_ARGISNULL(number) ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(number)); };
    PG_RETURN_BOOL(WeakensByLabel(PG_GETARG_OID(0), label(1), label(2)));
}

// await_definitions(): until who changes policies in another transaction has ended it; holds back the next.
WARRANT_FUNCTION(warrant_await_definitions) {
    AwaitOthers();
    PG_RETURN_VOID();
}

// why_undecidable(policy warrant.policies[, requester oid]) -> why nobody could decide its requests, or the requester's, now, or NULL. Of this
// transaction a webhook counts, too.
WARRANT_FUNCTION(warrant_why_undecidable) {
    Policy* policy = PolicyArgument(fcinfo, 0);
    char* why = policy == nullptr ? nullptr : WhyUndecidable(policy, PG_NARGS() > 1 ? PG_GETARG_OID(1) : InvalidOid, Rows::OfTransaction);
    if (why == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_TEXT_P(cstring_to_text(why));
}

// governing_policies(subject oid, commands text[], relations oid[], schema oid) -> (relation, policy, commands): which policies govern which of the
// commands, on each of these relations, or with NULL somewhere in the schema (0: in the database); then relation is 0.
WARRANT_FUNCTION(warrant_governing_policies) {
    CommandMask commands = ParseCommands(PG_GETARG_ARRAYTYPE_P(1));
    InitMaterializedSRF(fcinfo, 0);
    ReturnSetInfo* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (FindInstallation() == nullptr)
        PG_RETURN_VOID();
    if (!PG_ARGISNULL(2)) {
        SurveyRelations(
            PG_GETARG_OID(0), commands, OidsOf(PG_GETARG_ARRAYTYPE_P(2)),
            [](Oid relation, int64_t policy, CommandMask mask, const List*, void* to) {
                PutGoverned(static_cast<ReturnSetInfo*>(to), relation, policy, mask);
            },
            result);
        PG_RETURN_VOID();
    }
    commands &= ~MaskOf(Command::Admin);    // ADMIN is about the database, and no schema's
    HASHCTL control = {};
    control.keysize = sizeof(int64_t);
    control.entrysize = sizeof(GovernedCommands);
    control.hcxt = CurrentMemoryContext;
    HTAB* found = hash_create("pg_warrant governed", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    SurveySchema(
        PG_GETARG_OID(0), commands, PG_GETARG_OID(3),
        [](Oid, int64_t policy, CommandMask mask, const List*, void* to) {
            bool known;
            GovernedCommands* entry = static_cast<GovernedCommands*>(hash_search(static_cast<HTAB*>(to), &policy, HASH_ENTER, &known));
            entry->commands = mask | (known ? entry->commands : 0);
        },
        found);
    HASH_SEQ_STATUS status;
    hash_seq_init(&status, found);
    while (GovernedCommands* entry = static_cast<GovernedCommands*>(hash_seq_search(&status)))
        PutGoverned(result, InvalidOid, entry->policy, entry->commands);
    PG_RETURN_VOID();
}

// is_here(system bigint, database oid, instance name) -> boolean: whether the arguments name this server, database and instance.
WARRANT_FUNCTION(warrant_is_here) {
    RequireArguments(fcinfo);
    PG_RETURN_BOOL(PG_GETARG_INT64(0) == int64(GetSystemIdentifier()) && PG_GETARG_OID(1) == MyDatabaseId &&
                   strcmp(NameStr(*PG_GETARG_NAME(2)), settings.instance) == 0);
}

// invalidate(), a trigger: every backend forgets what it knows, after this transaction's commit. Its argument names the epoch table. Before or after
// each row of warrant.grant_scopes only those backends forget whom the grants of the row's grantee concern; the sentinel's row concerns all.
WARRANT_FUNCTION(warrant_invalidate) {
    TriggerData* trigger = reinterpret_cast<TriggerData*>(fcinfo->context);
    if (!CALLED_AS_TRIGGER(fcinfo) || trigger->tg_trigger->tgnargs != 1)
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED), errmsg("\"invalidate\" must be called as a trigger")));
    bool of_row = TRIGGER_FIRED_FOR_ROW(trigger->tg_event);
    Oid grantee = of_row ? GranteeOf(trigger, trigger->tg_trigtuple) : InvalidOid;
    Oid other = of_row && trigger->tg_newtuple != nullptr ? GranteeOf(trigger, trigger->tg_newtuple) : grantee;
    if (OidIsValid(grantee) && OidIsValid(other)) {
        NoteGrantsOf(grantee);
        if (other != grantee)
            NoteGrantsOf(other);
        return Datum(0);
    }
    Oid epoch = get_relname_relid(trigger->tg_trigger->tgargs[0], RelationGetNamespace(trigger->tg_relation));
    CacheInvalidateRelcacheByRelid(epoch);
    return Datum(0);
}
