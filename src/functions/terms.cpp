// What the policies of a request demand, who may decide under them, and which of them govern what is asked for. In C++ because every action of the
// workflow asks: a query with an aggregate takes 50 us in PL/pgSQL, of which these take two.
#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/errors.hpp"
#include "pg/settings.hpp"
#include "pg/words.hpp"
#include "rules/approvers.hpp"
#include "rules/commands.hpp"
#include "rules/committed.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/policies.hpp"
#include "rules/survey.hpp"
#include "functions/asked.hpp"
#include "functions/lookups.hpp"
#include "functions/policies_by_id.hpp"
#include "functions/values.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_decider[] = {{"approver_role"}, {"other_approver_roles", true}, {"escalate_to", true}};

// The columns of the terms, and of the policies that they come from.
constexpr OwnColumn of_demands[] = {
    {"min_approvals"}, {"default_duration"}, {"max_duration"},   {"request_ttl"},          {"require_reason"},     {"name"},
    {"webhook"},       {"max_uses", true},   {"max_rows", true}, {"ticket_pattern", true}, {"remind_after", true}, {"escalate_after", true}};
enum {
    d_min_approvals,
    d_default_duration,
    d_max_duration,
    d_request_ttl,
    d_require_reason,
    d_policies,
    d_webhooks,
    d_max_uses,
    d_max_rows,
    d_patterns,
    d_looks_after,    // the lesser of two columns
    demands,
    d_escalate_after = demands
};

struct Terms {
    Datum values[demands];
    bool nulls[demands];
    StringInfoData names;
    ArrayBuildState* webhooks;
    ArrayBuildState* patterns;    // of tickets
};

void TakeLeast(Terms* terms, int place, Datum interval) {
    terms->values[place] = terms->nulls[place] ? interval : DirectFunctionCall2(interval_smaller, terms->values[place], interval);
    terms->nulls[place] = false;
}

// A policy's interval, or the setting, which is in seconds: '1d' must not become a day of 23 hours.
void TakeInterval(Terms* terms, int place, const Datum* values, const bool* nulls, int setting_s) {
    Interval* interval = IntervalOf(setting_s * USECS_PER_SEC);
    if (!nulls[place])
        *interval = *DatumGetIntervalP(values[place]);
    TakeLeast(terms, place, IntervalPGetDatum(interval));
}

void TakeGiven(Terms* terms, int place, Datum interval, bool is_null) {
    if (!is_null)
        TakeLeast(terms, place, IntervalPGetDatum(IntervalOf(Microseconds(DatumGetIntervalP(interval)))));
}

void TakeNumber(Terms* terms, int place, Datum value, bool is_null, bool most) {
    if (is_null)
        return;
    bool taken = terms->nulls[place] || (DatumGetInt32(value) > DatumGetInt32(terms->values[place])) == most;
    terms->values[place] = taken ? value : terms->values[place];
    terms->nulls[place] = false;
}

void TakeLeastRows(Terms* terms, Datum value, bool is_null) {
    if (is_null || (!terms->nulls[d_max_rows] && DatumGetInt64(terms->values[d_max_rows]) <= DatumGetInt64(value)))
        return;
    terms->values[d_max_rows] = value;
    terms->nulls[d_max_rows] = false;
}

// The texts, each once.
void TakeText(ArrayBuildState** texts, Datum taken) {
    const ArrayBuildState* known = *texts;
    for (int i = 0; known != nullptr && i < known->nelems; i++)
        if (strcmp(TextDatumGetCString(known->dvalues[i]), TextDatumGetCString(taken)) == 0)
            return;
    *texts = accumArrayResult(*texts, taken, false, TEXTOID, CurrentMemoryContext);
}

void PutTexts(Terms* terms, int place, ArrayBuildState* texts) {
    terms->nulls[place] = texts == nullptr;
    terms->values[place] = texts == nullptr ? Datum(0) : makeArrayResult(texts, CurrentMemoryContext);
}

void TakePolicy(Terms* terms, const Datum* values, const bool* nulls) {
    TakeNumber(terms, d_min_approvals, values[d_min_approvals], false, true);
    TakeNumber(terms, d_max_uses, values[d_max_uses], nulls[d_max_uses], false);
    TakeLeastRows(terms, values[d_max_rows], nulls[d_max_rows]);
    TakeInterval(terms, d_default_duration, values, nulls, settings.default_duration_s);
    TakeInterval(terms, d_max_duration, values, nulls, settings.max_duration_s);
    TakeInterval(terms, d_request_ttl, values, nulls, settings.request_ttl_s);
    bool required = !terms->nulls[d_require_reason] && DatumGetBool(terms->values[d_require_reason]);
    terms->values[d_require_reason] = BoolGetDatum(required || DatumGetBool(values[d_require_reason]));
    terms->nulls[d_require_reason] = false;
    appendStringInfo(&terms->names, "%s\"%s\"", terms->names.len > 0 ? ", " : "", TextDatumGetCString(values[d_policies]));
    if (!nulls[d_webhooks])
        TakeText(&terms->webhooks, values[d_webhooks]);
    if (!nulls[d_patterns])
        TakeText(&terms->patterns, values[d_patterns]);
    TakeGiven(terms, d_looks_after, values[d_looks_after], nulls[d_looks_after]);
    TakeGiven(terms, d_looks_after, values[d_escalate_after], nulls[d_escalate_after]);
}

bool IsMemberOfOne(Oid role, Datum roles) {
    Datum* elements;
    int count;
    bool is = false;
    deconstruct_array(DatumGetArrayTypeP(roles), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count && !is; i++)
        is = IsMemberByName(role, DatumGetObjectId(elements[i]));
    return is;
}

// Whether one of the roles is an approver of one of the policies, which all have to be there; of those that are escalated, by escalate_to as well.
bool IsOneApprover(const List* roles, const Ids& ids, const Ids& escalated) {
    int found = 0;
    bool may = false;
    ForEachPolicy(of_decider, ids, [&](int64 id, Datum* values, bool* nulls) {
        found++;
        ListCell* cell;
        foreach (cell, roles)
            may = may || IsMemberByName(lfirst_oid(cell), DatumGetObjectId(values[0])) || (!nulls[1] && IsMemberOfOne(lfirst_oid(cell), values[1])) ||
                  (!nulls[2] && IsAmong(escalated, id) && IsMemberByName(lfirst_oid(cell), DatumGetObjectId(values[2])));
    });
    return may && found == ids.count;
}

// --- items ---

// A policy that governs some of the commands on a relation.
struct Item {
    Oid relation;
    int64 policy;
    CommandMask commands;
    const List* columns;    // by their names (char*); NIL for the whole relation
};

struct Items {
    int count, room;
    Item* items;
};

void AddItem(Oid relation, int64_t policy, CommandMask commands, const List* columns, void* context) {
    Items* items = static_cast<Items*>(context);
    if (items->count == items->room) {
        items->room = items->room == 0 ? 16 : 2 * items->room;
        items->items =
            static_cast<Item*>(items->items == nullptr ? palloc(items->room * sizeof(Item)) : repalloc(items->items, items->room * sizeof(Item)));
    }
    items->items[items->count++] = Item{relation, policy, commands, columns};
}

// What is asked for on columns of one relation.
void AddOnColumns(Oid subject, CommandMask commands, Oid relation, ArrayType* names, Items* items) {
    Datum* elements;
    int count;
    deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, nullptr, &count);
    AcceptInvalidationMessages();
    ReleaseOldGoverningPolicies();
    const GoverningPolicies* governing = FindGoverningPolicies(relation);
    for (commands &= commands_on_columns; commands != 0; commands &= commands - 1)
        for (int i = 0; i < count; i++) {
            const char* name = NameStr(*DatumGetName(elements[i]));
            const Policy* policy = GoverningPolicy(governing, subject, FirstOf(commands), name);
            int place = 0;
            while (place < items->count && policy != nullptr && items->items[place].policy != policy->id)
                place++;
            if (policy == nullptr)
                continue;
            if (place == items->count)
                AddItem(relation, policy->id, 0, NIL, items);
            items->items[place].commands |= MaskOf(FirstOf(commands));
            items->items[place].columns = WithColumn(const_cast<List*>(items->items[place].columns), name);
        }
}

int CompareItems(const void* a, const void* b) {
    const Item *left = static_cast<const Item*>(a), *right = static_cast<const Item*>(b);
    if (left->relation != right->relation)
        return left->relation < right->relation ? -1 : 1;
    return left->policy < right->policy ? -1 : left->policy > right->policy;
}

// The relations, each once; raises when one is gone, or none that can be protected.
List* RelationsIn(ArrayType* array) {
    Datum* elements;
    int count;
    List* relations = NIL;
    deconstruct_array(array, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count; i++)
        relations = lappend_oid(relations, DatumGetObjectId(elements[i]));
    list_sort(relations, list_oid_cmp);
    list_deduplicate_oid(relations);
    ListCell* cell;
    AcceptInvalidationMessages();
    foreach (cell, relations)
        if (get_rel_relkind(lfirst_oid(cell)) == '\0')
            ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", lfirst_oid(cell)),
                            errhint("One that an open transaction creates can be asked for once it is committed.")));
    foreach (cell, relations)
        RequireRelation(lfirst_oid(cell));
    return relations;
}

// What a policy does about a request.
enum class Asked { ByNobody, ByApprovers, Denied };

constexpr OwnColumn of_effect[] = {{"effect"}, {"mode"}, {"name"}};

struct KnownPolicy {
    int64 id;
    Asked asked;
    char* name;
};

KnownPolicy ReadKnown(int64 id) {
    KnownPolicy policy = {id, Asked::ByNobody, nullptr};
    ForEachPolicy(of_effect, Ids{1, &id}, [&policy](int64, Datum* values, bool*) {
        const char *effect = TextDatumGetCString(values[0]), *mode = TextDatumGetCString(values[1]);
        bool denies = strcmp(effect, "deny") == 0 && strcmp(mode, "monitor") != 0;
        policy.asked = denies ? Asked::Denied : strcmp(effect, "approve") == 0 ? Asked::ByApprovers : Asked::ByNobody;
        policy.name = TextDatumGetCString(values[2]);
    });
    return policy;
}

const KnownPolicy* KnownPolicyOf(List** known, int64 id) {
    ListCell* cell;
    foreach (cell, *known)
        if (static_cast<KnownPolicy*>(lfirst(cell))->id == id)
            return static_cast<KnownPolicy*>(lfirst(cell));
    KnownPolicy* policy = static_cast<KnownPolicy*>(palloc(sizeof(KnownPolicy)));
    *policy = ReadKnown(id);
    *known = lcons(policy, *known);
    return policy;
}

// Keeps the items that a policy of approval governs, in the order of relations and policies. Raises when one is denied.
void KeepAsked(Items* items) {
    List* known = NIL;
    int kept = 0;
    qsort(items->items, items->count, sizeof(Item), CompareItems);
    for (int i = 0; i < items->count; i++) {
        const Item* item = &items->items[i];
        const KnownPolicy* policy = KnownPolicyOf(&known, item->policy);
        if (policy->asked == Asked::Denied && get_rel_relkind(item->relation) != '\0')
            ereport(ERROR, (errcode(error_refused),
                            errmsg("%s on %s is denied by policy \"%s\"", NameOf(FirstOf(item->commands)),
                                   DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(item->relation))), Shown(policy->name))));
        if (policy->asked == Asked::ByApprovers)
            items->items[kept++] = *item;
    }
    items->count = kept;
}

// As warrant_internal.item has them; a relation that is gone meanwhile is none.
Datum AsArray(const Items* items, Oid type) {
    TupleDesc shape = lookup_rowtype_tupdesc_copy(type, -1);
    ArrayBuildState* made = initArrayResult(type, CurrentMemoryContext, false);
    for (int i = 0; i < items->count; i++) {
        const Item* item = &items->items[i];
        const char* name = get_rel_name(item->relation);
        const char* schema = name == nullptr ? nullptr : get_namespace_name(get_rel_namespace(item->relation));
        if (schema == nullptr)
            continue;
        Datum values[] = {CharGetDatum('t'),
                          ObjectIdGetDatum(item->relation),
                          NameDatum(schema),
                          NameDatum(name),
                          CommandsAsArray(item->commands),
                          Int64GetDatum(item->policy),
                          ColumnNumbers(item->relation, item->columns)};
        bool nulls[lengthof(values)] = {false, false, false, false, false, false, item->columns == NIL};
        made = accumArrayResult(made, HeapTupleGetDatum(heap_form_tuple(shape, values, nulls)), false, type, CurrentMemoryContext);
    }
    return makeArrayResult(made, CurrentMemoryContext);
}

// The columns of warrant.request_items that an item has, in its order.
constexpr OwnColumn of_item[] = {{"target_kind"}, {"target"}, {"schema_name"}, {"relation_name"}, {"commands"}, {"policy_id"}, {"columns", true}};

}    // namespace

}    // namespace warrant

using namespace warrant;

// may_decide(role oid, policy_ids bigint[]) -> boolean: whether the role has a voice in what these policies ask for together: it, or who has
// delegated to it, is an approver of one of them, and all are there; false for none.
WARRANT_FUNCTION(warrant_may_decide) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_BOOL(false);
    Oid role = PG_GETARG_OID(0);
    PG_RETURN_BOOL(IsOneApprover(lcons_oid(role, DelegatorsOf(role)), IdsOf(PG_GETARG_ARRAYTYPE_P(1)), Ids{}));
}

// may_decide(voices oid[], policy_ids bigint[], escalated bigint[]) -> boolean: the same for these roles alone, as members; under those that are
// escalated as members of escalate_to, too.
WARRANT_FUNCTION(warrant_may_one_decide) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_BOOL(false);
    Ids escalated = PG_ARGISNULL(2) ? Ids{} : IdsOf(PG_GETARG_ARRAYTYPE_P(2));
    PG_RETURN_BOOL(IsOneApprover(OidsOf(PG_GETARG_ARRAYTYPE_P(0)), IdsOf(PG_GETARG_ARRAYTYPE_P(1)), escalated));
}

// delegators_of(role oid) -> oid[]: whose votes are delegated to the role now, in order.
WARRANT_FUNCTION(warrant_delegators_of) {
    List* delegators = DelegatorsOf(PG_GETARG_OID(0));
    ArrayBuildState* roles = initArrayResult(OIDOID, CurrentMemoryContext, false);
    ListCell* cell;
    foreach (cell, delegators)
        roles = accumArrayResult(roles, ObjectIdGetDatum(lfirst_oid(cell)), false, OIDOID, CurrentMemoryContext);
    PG_RETURN_DATUM(makeArrayResult(roles, CurrentMemoryContext));
}

// terms_of(policy_ids bigint[]) -> warrant_internal.terms: what the policies demand together, each once; all NULL when none is there.
WARRANT_FUNCTION(warrant_terms_of) {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE || shape->natts != demands)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("terms are asked for where there is no room for them")));
    Terms terms = {};
    memset(terms.nulls, true, sizeof terms.nulls);
    initStringInfo(&terms.names);
    if (!PG_ARGISNULL(0))
        ForEachPolicy(of_demands, IdsOf(PG_GETARG_ARRAYTYPE_P(0)),
                      [&terms](int64, Datum* values, bool* nulls) { TakePolicy(&terms, values, nulls); });
    if (!terms.nulls[d_max_duration])
        TakeLeast(&terms, d_default_duration, terms.values[d_max_duration]);
    terms.nulls[d_policies] = terms.names.len == 0;
    terms.values[d_policies] = CStringGetTextDatum(terms.names.data);
    PutTexts(&terms, d_webhooks, terms.webhooks);
    PutTexts(&terms, d_patterns, terms.patterns);
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), terms.values, terms.nulls)));
}

// items_on(subject oid, commands text[], relations oid[], columns name[]) -> warrant_internal.item[]: the items of a request for commands on these
// relations, or on columns of one, of
// which a policy of approval governs each. Raises when one is denied, and for a relation that is gone or no policy can be about.
WARRANT_FUNCTION(warrant_items_on) {
    CommandMask commands = ParseCommands(PG_GETARG_ARRAYTYPE_P(1));
    List* relations = RelationsIn(PG_GETARG_ARRAYTYPE_P(2));
    Items items = {};
    if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
        AddOnColumns(PG_GETARG_OID(0), commands, linitial_oid(relations), PG_GETARG_ARRAYTYPE_P(3), &items);
    else
        SurveyRelations(PG_GETARG_OID(0), commands, relations, AddItem, &items);
    KeepAsked(&items);
    PG_RETURN_DATUM(AsArray(&items, get_element_type(get_fn_expr_rettype(fcinfo->flinfo))));
}

// items_of_request(request_id bigint) -> warrant_internal.item[]: the items of a request, under their names of now; NULL without any.
WARRANT_FUNCTION(warrant_items_of_request) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
    TupleDesc shape = lookup_rowtype_tupdesc_copy(type, -1);
    ArrayBuildState* items = nullptr;
    CommittedScan scan;
    Oid schema = RequireInstallation()->schema;
    BeginOwn(
        &scan, of_item, get_relname_relid("request_items", schema), [schema] { return get_relname_relid("request_items_request_id_idx", schema); },
        Rows::OfTransaction);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, PG_GETARG_DATUM(0));
    ForEachCommitted(&scan, &key, 1, [&](Datum* values, bool* nulls) {
        TakeNamesNow(DatumGetChar(values[0]), DatumGetObjectId(values[1]), &values[2], &nulls[2]);
        items = accumArrayResult(items, HeapTupleGetDatum(heap_form_tuple(shape, values, nulls)), false, type, CurrentMemoryContext);
    });
    EndCommitted(&scan);
    if (items == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_DATUM(makeArrayResult(items, CurrentMemoryContext));
}
