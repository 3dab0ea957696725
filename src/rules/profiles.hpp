// Profiles: commands on a target that some roles may ask for by one name. None lets anything run.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "rules/policy.hpp"

namespace warrant {

struct GoverningPolicies;

// In the current memory context.
struct Profile {
    char* name;
    List* words;    // of commands and groups, C strings
    CommandMask commands;
    TargetKind target_kind;
    Oid target;    // InvalidOid once it is known to be gone
};

// The profile of that name, as committed, that the subject may ask for; nullptr when there is none.
Profile* FindProfile(Oid subject, const char* name);

// The profiles that the subject may ask for, in the order of their names.
List* ProfilesFor(Oid subject);

// Whether it is about the command on the relation or, for CREATE and ADMIN, the schema or database.
bool IsAbout(const Profile* profile, const GoverningPolicies* policies, Command command);

}    // namespace warrant
