// Settings that the gate depends on: its own, those that say which libraries the server loads and which programs it runs, and whom it takes its
// clients for.
#include "pg/server.hpp"

#include "rules/commands.hpp"
#include "gate/defence/cluster.hpp"

namespace warrant {

namespace {

// 18 brought extension_control_path, which also leads to libraries, and oauth_validator_libraries, whose code says who a client is.
const char* const preload_settings[] = {"shared_preload_libraries", "session_preload_libraries", "local_preload_libraries", "dynamic_library_path",
                                        "extension_control_path",   "oauth_validator_libraries", "archive_library",         "jit_provider"};
// Commands may hold secrets: their values are not told.
const char* const settings_beside[] = {
    "archive_command", "archive_cleanup_command", "restore_command", "recovery_end_command", "ssl_passphrase_command", "hba_file", "ident_file"};
// What a session may say of itself.
const char* const claims[] = {"pg_warrant.reason", "pg_warrant.duration", "pg_warrant.ticket"};

template <int count>
bool IsOneOf(const char* name, const char* const (&names)[count]) {
    for (const char* known : names)
        if (pg_strcasecmp(known, name) == 0)
            return true;
    return false;
}

// Whether the setting is one of ours. The server itself refuses any other one under a prefix that is reserved.
bool IsOwnName(const char* name) {
    constexpr char prefix[] = "pg_warrant.";
    return pg_strncasecmp(name, prefix, sizeof prefix - 1) == 0 && GetConfigOption(name, true, false) != nullptr;
}

bool IsToldName(const char* name) { return IsOneOf(name, preload_settings) || (IsOwnName(name) && !IsOneOf(name, claims)); }
bool IsGuardedName(const char* name) { return IsToldName(name) || IsOneOf(name, settings_beside); }

const VariableSetStmt* SettingOf(const Node* utility) {
    switch (nodeTag(utility)) {
        case T_AlterSystemStmt: return reinterpret_cast<const AlterSystemStmt*>(utility)->setstmt;
        case T_AlterRoleSetStmt: return reinterpret_cast<const AlterRoleSetStmt*>(utility)->setstmt;
        case T_AlterDatabaseSetStmt: return reinterpret_cast<const AlterDatabaseSetStmt*>(utility)->setstmt;
        default: return reinterpret_cast<const VariableSetStmt*>(utility);
    }
}

}    // namespace

Guarded GuardedSettingsOf(Node* utility) {
    const VariableSetStmt* set = SettingOf(utility);
    const char* detail = "What the gate does, or whether it is there at all, depends on it.";
    if (set->kind == VAR_RESET_ALL && IsA(utility, AlterSystemStmt))
        return Guarded{"the server's configuration", detail, Event::ConfigChanged, false};
    bool guarded = set->name != nullptr && set->kind != VAR_SET_MULTI && IsGuardedName(set->name);
    return Guarded{guarded ? psprintf("setting \"%s\"", set->name) : nullptr, detail, Event::ConfigChanged, false};
}

void DescribeSettings(StringInfo words, Node* utility) {
    const VariableSetStmt* set = SettingOf(utility);
    if (IsA(utility, AlterRoleSetStmt)) {
        const RoleSpec* role = reinterpret_cast<AlterRoleSetStmt*>(utility)->role;
        bool named = role != nullptr && role->roletype == ROLESPEC_CSTRING;
        const char* name = named ? role->rolename : GetUserNameFromId(GetUserId(), true);
        appendStringInfo(words, " %s", role == nullptr ? "ALL" : Quoted(name));
    } else if (IsA(utility, AlterDatabaseSetStmt)) {
        appendStringInfo(words, " %s", Quoted(reinterpret_cast<AlterDatabaseSetStmt*>(utility)->dbname));
    }
    if (!IsA(utility, VariableSetStmt))
        appendStringInfoString(words, set->kind == VAR_RESET || set->kind == VAR_RESET_ALL ? " RESET" : " SET");
    appendStringInfo(words, " %s", set->name == nullptr ? "ALL" : set->name);
    char* value = set->kind == VAR_SET_VALUE ? ExtractSetVariableArgs(const_cast<VariableSetStmt*>(set)) : nullptr;
    // The value of another setting may be a secret.
    if (value != nullptr && IsToldName(set->name))
        appendStringInfo(words, " = %s", value);
}

}    // namespace warrant
