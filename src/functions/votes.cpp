// Votes: what those who have approved leave to be approved.
#include <algorithm>

#include "pg/server.hpp"

#include "core/quorum.hpp"
#include "rules/policy.hpp"
#include "functions/asked.hpp"
#include "functions/policies_by_id.hpp"

namespace warrant {

namespace {

// The votes for one request, in their order. Two of the same number are one person's; those of number 0 do not count.
struct Votes {
    int count;
    Datum* logins;    // 0 for a webhook
    Datum* names;     // by which a webhook is known
    Datum* persons;
};

Datum* ElementsOf(FunctionCallInfo fcinfo, int argument, Oid type, int count) {
    Datum* elements;
    bool* nulls;
    int found;
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, length, by_value, alignment, &elements, &nulls, &found);
    bool any_null = false;
    for (int i = 0; i < found; i++)
        any_null = any_null || nulls[i];
    if (found != count || any_null)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("votes without their persons")));
    return elements;
}

Votes VotesOf(FunctionCallInfo fcinfo) {
    int count = ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(1)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(1)));
    return Votes{count, ElementsOf(fcinfo, 1, OIDOID, count), ElementsOf(fcinfo, 2, TEXTOID, count), ElementsOf(fcinfo, 3, INT4OID, count)};
}

// As which of its approvers somebody voted: a member of escalate_to, once it is escalated, for any of them. A webhook that the policy asks stands for
// its role where that is only one; it is a member of none.
core::RoleSet RolesOf(const Policy* policy, const ApproverRoles* approvers, bool escalated, const Votes* votes, int vote) {
    Oid login = DatumGetObjectId(votes->logins[vote]);
    core::RoleSet roles = 0;
    if (!OidIsValid(login))
        return approvers->count == 1 && policy->webhook != nullptr &&
               strcmp(psprintf("webhook:%s", policy->webhook), TextDatumGetCString(votes->names[vote])) == 0;
    bool any = escalated && IsMemberByName(login, policy->escalate_to);
    for (int i = 0; i < approvers->count; i++)
        if (any || IsMemberByName(login, approvers->roles[i]))
            roles |= core::RoleSet(1U << i);
    return roles;
}

struct Missing {
    Oid role;
    int approvals;
};

struct Count {
    Votes votes;
    Datum* valid;      // each vote: its giver may decide
    Datum* needed;     // each vote: a policy counts its giver, by this vote first
    int missing;       // the most that a policy lacks
    List* of_roles;    // Missing: for each role the most that a policy lacks of it
};

// Under which policies the request is escalated. An older script does not say.
Ids EscalatedOf(FunctionCallInfo fcinfo) { return PG_NARGS() > 4 ? IdsOf(PG_GETARG_ARRAYTYPE_P(4)) : Ids{}; }

Count NewCount(FunctionCallInfo fcinfo) {
    Votes votes = VotesOf(fcinfo);
    Size size = votes.count * sizeof(Datum);
    return Count{votes, static_cast<Datum*>(palloc0(size)), static_cast<Datum*>(palloc0(size)), 0, NIL};
}

void AddMissing(Count* count, Oid role, int approvals) {
    ListCell* cell;
    foreach (cell, count->of_roles) {
        Missing* known = static_cast<Missing*>(lfirst(cell));
        if (known->role == role) {
            known->approvals = std::max(known->approvals, approvals);
            return;
        }
    }
    Missing* missing = static_cast<Missing*>(palloc(sizeof(Missing)));
    *missing = Missing{role, approvals};
    count->of_roles = lappend(count->of_roles, missing);
}

void CountUnder(Count* count, const Policy* policy, const Ids& escalated) {
    const Votes* votes = &count->votes;
    ApproverRoles approvers = ApproverRolesOf(policy);
    core::Quorum quorum;
    for (int i = 0; i < approvers.count; i++)
        quorum.Add(approvers.approvals[i]);
    core::RoleSet* roles = static_cast<core::RoleSet*>(palloc0(votes->count * sizeof(core::RoleSet)));
    for (int i = 0; i < votes->count; i++)
        if (votes->persons[i] != Int32GetDatum(0))
            roles[i] = RolesOf(policy, &approvers, IsAmong(escalated, policy->id), votes, i);
    for (int i = 0; i < votes->count; i++) {
        core::RoleSet of_person = 0;
        bool is_first = roles[i] != 0;
        for (int j = 0; j < votes->count && is_first; j++) {
            if (votes->persons[j] != votes->persons[i])
                continue;
            is_first = j >= i || roles[j] == 0;
            of_person |= roles[j];
        }
        bool counts = is_first && quorum.Count(of_person);
        count->valid[i] = BoolGetDatum(DatumGetBool(count->valid[i]) || roles[i] != 0);
        count->needed[i] = BoolGetDatum(DatumGetBool(count->needed[i]) || counts);
    }
    count->missing = std::max(count->missing, quorum.Missing());
    for (int i = 0; i < approvers.count; i++)
        if (quorum.Missing(i) > 0)
            AddMissing(count, approvers.roles[i], quorum.Missing(i));
}

Datum AsRow(FunctionCallInfo fcinfo, const Count* count) {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("votes are counted where there is no room for the answer")));
    int missing = list_length(count->of_roles);
    Datum* roles = static_cast<Datum*>(palloc(missing * sizeof(Datum)));
    Datum* approvals = static_cast<Datum*>(palloc(missing * sizeof(Datum)));
    for (int i = 0; i < missing; i++) {
        roles[i] = ObjectIdGetDatum(static_cast<Missing*>(list_nth(count->of_roles, i))->role);
        approvals[i] = Int32GetDatum(static_cast<Missing*>(list_nth(count->of_roles, i))->approvals);
    }
    Datum values[] = {PointerGetDatum(construct_array(count->valid, count->votes.count, BOOLOID, 1, true, TYPALIGN_CHAR)),
                      PointerGetDatum(construct_array(count->needed, count->votes.count, BOOLOID, 1, true, TYPALIGN_CHAR)),
                      Int32GetDatum(count->missing), PointerGetDatum(construct_array(roles, missing, OIDOID, sizeof(Oid), true, TYPALIGN_INT)),
                      PointerGetDatum(construct_array(approvals, missing, INT4OID, sizeof(int32), true, TYPALIGN_INT))};
    bool nulls[lengthof(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}

}    // namespace

}    // namespace warrant

using namespace warrant;

// count_votes(policy_ids bigint[], logins oid[], names text[], persons integer[], escalated bigint[]) -> (valid boolean[], needed boolean[], missing
// integer, roles oid[], of_roles integer[]): what votes are worth under these policies, and what is missing. The policies all have to be there.
WARRANT_FUNCTION(warrant_count_votes) {
    Count count = NewCount(fcinfo);
    Ids ids = IdsOf(PG_GETARG_ARRAYTYPE_P(0)), escalated = EscalatedOf(fcinfo);
    int found = 0;
    ForEachPolicy(of_policy, ids, [&count, &found, &escalated](int64, Datum* values, bool* nulls) {
        OwnRow row;
        memcpy(row.values, values, of_policy.count * sizeof(Datum));
        memcpy(row.nulls, nulls, of_policy.count * sizeof(bool));
        CountUnder(&count, ReadPolicy(&row), escalated);
        found++;
    });
    if (found == 0 || found < ids.count)
        count.missing = std::max(count.missing, 1);
    PG_RETURN_DATUM(AsRow(fcinfo, &count));
}

// count_votes(policy warrant.policies, ...): the same, under a policy as it was or is to be.
WARRANT_FUNCTION(warrant_count_votes_under) {
    Count count = NewCount(fcinfo);
    CountUnder(&count, PolicyArgument(fcinfo, 0), EscalatedOf(fcinfo));
    PG_RETURN_DATUM(AsRow(fcinfo, &count));
}
