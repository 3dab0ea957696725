#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/governing_policies.hpp"
#include "rules/grants.hpp"
#include "rules/installation.hpp"
#include "rules/profiles.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

constexpr OwnColumn of_profile[] = {{"name"}, {"commands"}, {"target_kind"}, {"target"}, {"for_roles"}};
enum { c_name, c_commands, c_target_kind, c_target, c_for_roles };

Datum* ElementsOf(Datum array, Oid type, int length, bool by_value, char alignment, int* count) {
    Datum* elements;
    deconstruct_array(DatumGetArrayTypeP(array), type, length, by_value, alignment, &elements, nullptr, count);
    return elements;
}

// Of a role that is gone, whose place a zero keeps, nobody is a member.
bool IsFor(Datum roles, Oid subject) {
    int count;
    Datum* elements = ElementsOf(roles, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &count);
    for (int i = 0; i < count; i++)
        if (Oid role = DatumGetObjectId(elements[i]); OidIsValid(role) && !RoleIsGone(role) && is_member_of_role_nosuper(subject, role))
            return true;
    return count == 0;
}

Profile* ReadProfile(const Datum* values) {
    Profile* profile = static_cast<Profile*>(palloc0(sizeof(Profile)));
    int count;
    Datum* words = ElementsOf(values[c_commands], TEXTOID, -1, false, TYPALIGN_INT, &count);
    profile->name = TextDatumGetCString(values[c_name]);
    for (int i = 0; i < count; i++) {
        profile->words = lappend(profile->words, TextDatumGetCString(words[i]));
        profile->commands |= ParseCommand(TextDatumGetCString(words[i]));
    }
    profile->target_kind = TargetKind(DatumGetChar(values[c_target_kind]));
    profile->target = profile->target_kind == TargetKind::Database ? MyDatabaseId : DatumGetObjectId(values[c_target]);
    return profile;
}

// Those of the name, or, with nullptr, all.
List* Read(Oid subject, const char* name) {
    const Installation* own = FindInstallation();
    Oid table = own == nullptr ? InvalidOid : get_relname_relid("profiles", own->schema);
    if (!OidIsValid(table) || RoleIsGone(subject))    // the script of an older release has none
        return NIL;
    CommittedScan scan;
    BeginOwn(&scan, of_profile, table, [] { return get_relname_relid("profiles_name_key", RequireInstallation()->schema); });
    ScanKeyData key;
    if (name != nullptr)
        ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
    List* found = NIL;
    ForEachCommitted(&scan, &key, name == nullptr ? 0 : 1, [&found, subject](Datum* values, bool*) {
        if (IsFor(values[c_for_roles], subject))
            found = lappend(found, ReadProfile(values));
    });
    EndCommitted(&scan);
    return found;
}

}    // namespace

Profile* FindProfile(Oid subject, const char* name) {
    List* found = Read(subject, name);
    return found == NIL ? nullptr : static_cast<Profile*>(linitial(found));
}

List* ProfilesFor(Oid subject) { return Read(subject, nullptr); }

bool IsAbout(const Profile* profile, const GoverningPolicies* policies, Command command) {
    return (profile->commands & MaskOf(command)) != 0 && Covers(profile->target_kind, profile->target, policies);
}

}    // namespace warrant
