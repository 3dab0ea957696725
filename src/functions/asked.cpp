#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/rights.hpp"
#include "pg/words.hpp"
#include "rules/commands.hpp"
#include "rules/decision.hpp"
#include "rules/governing_policies.hpp"
#include "rules/installation.hpp"
#include "rules/privileges.hpp"
#include "rules/profiles.hpp"
#include "rules/subject.hpp"
#include "gate/utility/utility.hpp"
#include "functions/asked.hpp"

namespace warrant {

namespace {

// The call's arguments that name what it is about; each but the words may be missing.
struct Asked {
    List* words;        // of commands, C strings
    List* relations;    // by OID
    const char* schema;
    bool database;
    bool complete;    // exactly one kind of target, nothing in it NULL, and words; or the recorder says what is wrong
};

List* ElementsOf(Datum value, Oid element, bool* complete) {
    int16 length;
    bool by_value, *nulls;
    char alignment;
    Datum* elements;
    int count;
    get_typlenbyvalalign(element, &length, &by_value, &alignment);
    deconstruct_array(DatumGetArrayTypeP(value), element, length, by_value, alignment, &elements, &nulls, &count);
    List* found = NIL;
    for (int i = 0; i < count; i++) {
        *complete = *complete && !nulls[i];
        if (!nulls[i])
            found =
                element == TEXTOID ? lappend(found, TextDatumGetCString(elements[i])) : list_append_unique_oid(found, DatumGetObjectId(elements[i]));
    }
    *complete = *complete && found != NIL;
    return found;
}

// What the profile stands for, in the place of commands and target.
void TakeProfile(Asked* asked, const char* name) {
    const Profile* profile = FindProfile(CurrentSubject(), name);
    if (profile == nullptr)
        return;
    asked->words = profile->words;
    asked->database = profile->target_kind == TargetKind::Database;
    asked->schema = profile->target_kind == TargetKind::Schema ? get_namespace_name(profile->target) : nullptr;
    asked->relations = profile->target_kind == TargetKind::Table ? list_make1_oid(profile->target) : NIL;
    asked->complete = asked->database || asked->schema != nullptr || asked->relations != NIL;
}

Asked ReadAsked(FunctionCallInfo fcinfo) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    Oid* types;
    char **names, *modes;
    int count = get_func_arg_info(tuple, &types, &names, &modes);
    ReleaseSysCache(tuple);
    Asked asked = {NIL, NIL, nullptr, false, true};
    const char* profile = nullptr;
    int targets = 0;
    for (int i = 0; i < count && i < PG_NARGS(); i++) {
        if (PG_ARGISNULL(i))
            continue;
        auto is = [name = names[i]](const char* other) { return strcmp(name, other) == 0; };
        if (is("commands"))
            asked.words = ElementsOf(PG_GETARG_DATUM(i), TEXTOID, &asked.complete);
        else if (is("on_table"))
            asked.relations = list_make1_oid(PG_GETARG_OID(i)), targets++;
        else if (is("on_tables"))
            asked.relations = ElementsOf(PG_GETARG_DATUM(i), REGCLASSOID, &asked.complete), targets++;
        else if (is("on_schema"))
            asked.schema = NameStr(*PG_GETARG_NAME(i)), targets++;
        else if (is("on_database") && PG_GETARG_BOOL(i))
            asked.database = true, targets++;
        else if (is("profile"))
            profile = TextDatumGetCString(PG_GETARG_DATUM(i));
    }
    asked.complete = asked.complete && profile == nullptr && targets == 1 && asked.words != NIL;
    if (profile != nullptr && targets == 0 && asked.words == NIL)
        TakeProfile(&asked, profile);
    return asked;
}

// The commands of the word that test(command) holds for.
template <class Test>
CommandMask Among(CommandMask mask, Test test) {
    CommandMask found = 0;
    for (int i = 0; i < command_count; i++)
        if ((mask & MaskOf(Command(i))) != 0 && test(Command(i)))
            found |= MaskOf(Command(i));
    return found;
}

void CheckRelation(Oid subject, Oid relation, const List* words) {
    if (get_rel_relkind(relation) == '\0')
        return;
    RequireRelation(relation);
    ListCell* cell;
    foreach (cell, words) {
        CommandMask mask = ParseCommand(static_cast<const char*>(lfirst(cell)));
        if (mask != 0 && Among(mask, [&](Command command) { return ReachesRelation(subject, relation, command); }) == 0)
            RaiseLacking(relation, FirstOf(mask));
    }
}

// Of many relations, it is enough that the command could run on one.
void CheckMany(Oid subject, const Asked* asked) {
    Oid schema = asked->schema == nullptr ? InvalidOid : get_namespace_oid(asked->schema, true);
    if (asked->schema != nullptr && !OidIsValid(schema))
        return;
    if (isAnyTempNamespace(schema))
        ereport(ERROR,
                (errcode(error_wrong_kind), errmsg("schema \"%s\" cannot be protected", asked->schema), errdetail("What is in it is temporary.")));
    CommandMask wanted = 0, held = MaskOf(Command::Admin);
    ListCell* cell;
    foreach (cell, asked->words)
        wanted |= ParseCommand(static_cast<const char*>(lfirst(cell)));
    if (!OidIsValid(schema))
        held |= MaskOf(Command::Create);
    else if (MayCreateSomewhere(RolesOf(subject), schema))
        held = wanted;    // whoever makes a relation owns it, and may run anything on it
    ForEachRelation([&](Form_pg_class row) {
        CHECK_FOR_INTERRUPTS();
        if (!OidIsValid(schema) || row->relnamespace == schema)
            held |= Among(wanted & ~held & ~MaskOf(Command::Create), [&](Command command) { return HoldsPrivilege(subject, row->oid, command); });
    });
    foreach (cell, asked->words)
        if (CommandMask mask = ParseCommand(static_cast<const char*>(lfirst(cell))); mask != 0 && (mask & held) == 0)
            aclcheck_error(ACLCHECK_NO_PRIV, OidIsValid(schema) ? OBJECT_SCHEMA : OBJECT_DATABASE,
                           OidIsValid(schema) ? asked->schema : get_database_name(MyDatabaseId));
}

}    // namespace

bool MayCreateSomewhere(const List* roles, Oid schema) {
    ListCell* cell;
    foreach (cell, roles)
        if (MayCreateIn(schema, lfirst_oid(cell)))
            return true;
    return false;
}

void CheckRequested(FunctionCallInfo fcinfo) {
    Asked asked = ReadAsked(fcinfo);
    if (!asked.complete)
        return;
    AcceptInvalidationMessages();
    Oid subject = CurrentSubject();
    ListCell* cell;
    foreach (cell, asked.relations) {
        CHECK_FOR_INTERRUPTS();
        CheckRelation(subject, lfirst_oid(cell), asked.words);
    }
    if (asked.relations == NIL)
        CheckMany(subject, &asked);
}

void TellUnmet(FunctionCallInfo fcinfo) {
    Asked asked = ReadAsked(fcinfo);
    Oid subject = CurrentSubject();
    List* told = NIL;
    CommandMask wanted = 0;
    ListCell* cell;
    foreach (cell, asked.words)
        wanted |= ParseCommand(static_cast<const char*>(lfirst(cell)));
    foreach (cell, asked.relations) {
        CHECK_FOR_INTERRUPTS();
        const GoverningPolicies* policies = FindGoverningPolicies(lfirst_oid(cell));
        (void)Among(wanted & ~MaskOf(Command::Create) & ~MaskOf(Command::Admin), [&](Command command) {
            Decision decision = DecideFor(policies, subject, command);
            const char* step = decision.answer == Answer::Refuse ? decision_steps[decision.step].name : "";
            bool elsewhere = strcmp(step, "client_cidr") == 0;
            if (!(elsewhere || strcmp(step, "hours") == 0) || IsMonitored(&decision) || list_member_ptr(told, decision.policy))
                return false;
            told = lappend(told, const_cast<Policy*>(decision.policy));
            ereport(NOTICE, (errmsg("policy \"%s\" does not let this session in now", Shown(decision.policy->name)),
                             errdetail("Condition %s: %s.", step, WhyRefused(&decision, subject)),
                             errhint("A grant helps only %s.", elsewhere ? "in a session from there" : "when they are open")));
            return true;
        });
    }
}

void TellLacking(FunctionCallInfo fcinfo) {
    Asked asked = ReadAsked(fcinfo);
    Oid grantee = PG_GETARG_OID(0);
    ListCell *cell, *inner;
    foreach (cell, asked.relations)
        foreach (inner, asked.words) {
            CommandMask mask = ParseCommand(static_cast<const char*>(lfirst(inner)));
            if (mask == 0 || get_rel_relkind(lfirst_oid(cell)) == '\0' ||
                Among(mask, [&](Command command) { return ReachesRelation(grantee, lfirst_oid(cell), command); }) != 0)
                continue;
            ereport(NOTICE, (errmsg("role \"%s\" lacks the server's privilege for %s", Shown(GetUserNameFromId(grantee, true)),
                                    static_cast<const char*>(lfirst(inner))),
                             errdetail("The server says: %s.", WordsForLacking(lfirst_oid(cell), FirstOf(mask))),
                             errhint("The grant lets nothing run until the privilege is granted too.")));
        }
}

}    // namespace warrant
