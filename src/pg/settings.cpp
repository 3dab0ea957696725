#include <string_view>

#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/settings.hpp"

namespace warrant {

Settings settings;

namespace {

const config_enum_entry enforcement_choices[] = {
    {"enforce", int(Enforcement::Enforce), false},
    {"monitor", int(Enforcement::Monitor), false},
    {"off", int(Enforcement::Off), false},
    {nullptr, 0, false},
};

const config_enum_entry audit_failure_choices[] = {
    {"deny", int(AuditFailure::Deny), false},
    {"allow", int(AuditFailure::Allow), false},
    {nullptr, 0, false},
};

constexpr int day_s = 24 * 60 * 60;

bool CheckClaim(char**, void** extra, GucSource source) {
    if (source != PGC_S_SESSION)
        return true;
    *extra = SettingAlloc(sizeof(bool));
    if (*extra != nullptr)
        *static_cast<bool*>(*extra) = InitializingParallelWorker;    // which is not told what the leader has used
    return *extra != nullptr;
}

template <Claim Settings::*claim>
void ClaimSet(const char*, void* extra) {
    (settings.*claim).used = static_cast<bool*>(extra);
}

template <Claim Settings::*claim>
const char* ShowClaim() {
    return TextOf(&(settings.*claim));
}

// A wrong duration must be told at SET, not when a statement has just been refused.
bool CheckDuration(char** value, void** extra, GucSource source) {
    constexpr size_t longest = 100;    // blanks are valid, too
    if (strlen(*value) > longest) {
        GUC_check_errdetail("The value must not be longer than %zu bytes.", longest);
        return false;
    }
    int64 microseconds;
    const char* problem;
    if ((*value)[0] == '\0' || ParseDuration(*value, &microseconds, &problem))
        return CheckClaim(value, extra, source);
    GUC_check_errdetail("The value %s.", problem);
    GUC_check_errhint("Write it like \"30 min\" or \"2 hours\".");
    return false;
}

bool CheckTicket(char** value, void** extra, GucSource source) {
    constexpr size_t longest = 100;
    if (strlen(*value) <= longest)
        return CheckClaim(value, extra, source);
    GUC_check_errdetail("The value must not be longer than %zu bytes.", longest);
    return false;
}

bool CheckInstance(char** value, void**, GucSource) {
    if (strlen(*value) < NAMEDATALEN)
        return true;
    GUC_check_errdetail("The value must be shorter than %d bytes.", NAMEDATALEN);
    return false;
}

void Tell(int setting, uint32_t value) {
    if (on_setting != nullptr)
        on_setting(setting, value);
}

consteval int Watch(const char* name) {
    int setting = 0;
    while (std::string_view(watched[setting].name) != name)
        setting++;
    return setting;
}

uint32_t HashOf(const char* text) { return hash_bytes(reinterpret_cast<const unsigned char*>(text), int(strlen(text))); }

template <int setting>
void IntSet(int value, void*) {
    Tell(setting, uint32_t(value));
}

template <int setting>
void BoolSet(bool value, void*) {
    Tell(setting, value);
}

template <int setting>
void StringSet(const char* value, void*) {
    settings.pool_changes += setting == Watch("pg_warrant.pool_roles");
    settings.instance_changes += setting == Watch("pg_warrant.instance");
    Tell(setting, HashOf(value == nullptr ? "" : value));
}

bool CheckNames(char** value, void**, GucSource) {
    char* names = pstrdup(*value);
    List* list = NIL;
    bool valid = SplitIdentifierString(names, ',', &list);
    list_free(list);
    pfree(names);
    if (!valid)
        GUC_check_errdetail("The value must be names with commas between them.");
    return valid;
}

}    // namespace

const char* TextOf(const Claim* claim) { return claim->text == nullptr || (claim->used != nullptr && *claim->used) ? "" : claim->text; }

void UseClaims() {
    for (const Claim* claim : {&settings.reason, &settings.duration, &settings.ticket})
        if (claim->used != nullptr)
            *claim->used = true;
}

const char* WatchedValue(int setting, uint32_t value) {
    switch (watched[setting].kind) {
        case 'e':
            for (const config_enum_entry* choice = setting == Watch("pg_warrant.enforcement") ? enforcement_choices : audit_failure_choices;
                 choice->name != nullptr; choice++)
                if (uint32_t(choice->val) == value)
                    return choice->name;
            return nullptr;
        case 'b': return value != 0 ? "on" : "off";
        case 'i': return psprintf("%d", int(value));
        default: return nullptr;
    }
}

void ForEachWatched(void (*visit)(int setting, uint32_t value)) {
    for (int i = 0; i < watched_count; i++) {
        const char* text = GetConfigOption(watched[i].name, false, false);
        uint32_t value = 0;
        switch (watched[i].kind) {
            case 'e': value = uint32_t(i == Watch("pg_warrant.enforcement") ? settings.enforcement : settings.audit_failure); break;
            case 'b': value = strcmp(text, "on") == 0; break;
            case 'i': value = uint32_t(atoi(text)); break;
            default: value = HashOf(text); break;
        }
        visit(i, value);
    }
}

List* NamesIn(const char* setting) {
    List* names = NIL;
    (void)SplitIdentifierString(pstrdup(setting == nullptr ? "" : setting), ',', &names);    // checked when it was set
    return names;
}

bool IsListed(const char* setting, const char* name) {
    ListCell* cell;
    foreach (cell, NamesIn(setting))
        if (strcmp(static_cast<char*>(lfirst(cell)), name) == 0)
            return true;
    return false;
}

void DefineSettings() {
    DefineCustomEnumVariable("pg_warrant.enforcement", "Whether the gate refuses, only reports what it would refuse, or is off.", nullptr,
                             &settings.enforcement, int(Enforcement::Enforce), enforcement_choices, PGC_SIGHUP, 0, nullptr,
                             IntSet<Watch("pg_warrant.enforcement")>, nullptr);
    DefineCustomBoolVariable("pg_warrant.enforce_superuser", "Gates superusers as well; they are exempt but audited otherwise.", nullptr,
                             &settings.enforce_superuser, false, PGC_SIGHUP, 0, nullptr, BoolSet<Watch("pg_warrant.enforce_superuser")>, nullptr);
    DefineCustomEnumVariable("pg_warrant.audit_failure", "What happens to a granted statement whose audit row cannot be written.", nullptr,
                             &settings.audit_failure, int(AuditFailure::Deny), audit_failure_choices, PGC_SIGHUP, 0, nullptr,
                             IntSet<Watch("pg_warrant.audit_failure")>, nullptr);
    DefineCustomIntVariable("pg_warrant.audit_timeout", "The longest wait for the recorder.", nullptr, &settings.audit_timeout_ms, 5000, 10, 600000,
                            PGC_SIGHUP, GUC_UNIT_MS, nullptr, IntSet<Watch("pg_warrant.audit_timeout")>, nullptr);
    DefineCustomIntVariable("pg_warrant.default_duration", "How long a grant lives when neither request nor policy says it.", nullptr,
                            &settings.default_duration_s, 30 * 60, 1, 366 * day_s, PGC_SIGHUP, GUC_UNIT_S, nullptr,
                            IntSet<Watch("pg_warrant.default_duration")>, nullptr);
    DefineCustomIntVariable("pg_warrant.max_duration", "The longest life of a grant when the policy does not say it.", nullptr,
                            &settings.max_duration_s, day_s, 1, 366 * day_s, PGC_SIGHUP, GUC_UNIT_S, nullptr,
                            IntSet<Watch("pg_warrant.max_duration")>, nullptr);
    DefineCustomIntVariable("pg_warrant.request_ttl", "How long a request waits for its decision when the policy does not say it.", nullptr,
                            &settings.request_ttl_s, day_s, 1, 366 * day_s, PGC_SIGHUP, GUC_UNIT_S, nullptr, IntSet<Watch("pg_warrant.request_ttl")>,
                            nullptr);
    DefineCustomIntVariable("pg_warrant.refusal_rate", "Refusals, requests and failed calls per second and subject; more are delayed.", nullptr,
                            &settings.refusal_rate_per_s, 20, 1, 100000, PGC_SIGHUP, 0, nullptr, IntSet<Watch("pg_warrant.refusal_rate")>, nullptr);
    DefineCustomIntVariable("pg_warrant.max_pending", "Pending requests of one subject.", nullptr, &settings.max_pending, 100, 1, 1000000, PGC_SIGHUP,
                            0, nullptr, IntSet<Watch("pg_warrant.max_pending")>, nullptr);
    DefineCustomIntVariable("pg_warrant.max_query_length", "Bytes of a statement's text that the audit keeps.", nullptr, &settings.max_query_length,
                            8192, 0, 24576, PGC_SIGHUP, GUC_UNIT_BYTE, nullptr, IntSet<Watch("pg_warrant.max_query_length")>, nullptr);
    DefineCustomIntVariable("pg_warrant.max_databases", "Databases of this cluster that may have the extension.", nullptr, &settings.max_databases, 8,
                            1, 1000, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_warrant.ring_size", "Shared memory between the sessions and the recorder, for each database.", nullptr,
                            &settings.ring_size_kb, 4096, 512, 1048576, PGC_POSTMASTER, GUC_UNIT_KB, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("pg_warrant.decision_wait", "The longest wait of a refused statement for the first answer of a webhook.", nullptr,
                            &settings.decision_wait_ms, 2000, 0, 60000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, IntSet<Watch("pg_warrant.decision_wait")>,
                            nullptr);
    DefineCustomBoolVariable("pg_warrant.wait_in_transaction", "Waits for a webhook also in a transaction block, holding its locks.", nullptr,
                             &settings.wait_in_transaction, false, PGC_SIGHUP, 0, nullptr, BoolSet<Watch("pg_warrant.wait_in_transaction")>, nullptr);
    DefineCustomIntVariable("pg_warrant.max_waiters", "Sessions that wait for a webhook at a time; others are refused at once.", nullptr,
                            &settings.max_waiters, 20, 0, 100000, PGC_SIGHUP, 0, nullptr, IntSet<Watch("pg_warrant.max_waiters")>, nullptr);
    DefineCustomStringVariable("pg_warrant.secret_file", "The file with the keys that webhooks are signed with.",
                               "Lines \"name = value\"; its mode must be 0600.", &settings.secret_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, nullptr,
                               StringSet<Watch("pg_warrant.secret_file")>, nullptr);
    DefineCustomStringVariable("pg_warrant.admin_roles", "Roles whose members may, besides superusers, change what the gate depends on.", nullptr,
                               &settings.admin_roles, "", PGC_SIGHUP, GUC_LIST_INPUT, CheckNames, StringSet<Watch("pg_warrant.admin_roles")>,
                               nullptr);
    DefineCustomStringVariable("pg_warrant.required_databases", "Databases where gated roles are refused everything while the extension is missing.",
                               nullptr, &settings.required_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, CheckNames,
                               StringSet<Watch("pg_warrant.required_databases")>, nullptr);
    DefineCustomStringVariable("pg_warrant.pool_roles", "Logins that many people share: whom SET ROLE names asks, and nobody decides.", nullptr,
                               &settings.pool_roles, "", PGC_SIGHUP, GUC_LIST_INPUT, CheckNames, StringSet<Watch("pg_warrant.pool_roles")>, nullptr);
    DefineCustomStringVariable("pg_warrant.instance", "A name that tells this server from copies of it; grants live where they were made.", nullptr,
                               &settings.instance, "", PGC_SIGHUP, 0, CheckInstance, StringSet<Watch("pg_warrant.instance")>, nullptr);
    DefineCustomBoolVariable("pg_warrant.definition_approval", "Definitions that weaken the gate need an ADMIN grant, which another person gives.",
                             nullptr, &settings.definition_approval, false, PGC_SIGHUP, 0, nullptr, BoolSet<Watch("pg_warrant.definition_approval")>,
                             nullptr);
    DefineCustomStringVariable("pg_warrant.replication_roles", "Roles whose members may open replication connections, which no grant gates.", nullptr,
                               &settings.replication_roles, "*", PGC_SIGHUP, GUC_LIST_INPUT, CheckNames,
                               StringSet<Watch("pg_warrant.replication_roles")>, nullptr);
    DefineCustomBoolVariable("pg_warrant.allow_restore", "Lets superusers write the tables of the gate, to restore them.", nullptr,
                             &settings.allow_restore, false, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
    DefineCustomStringVariable("pg_warrant.reason", "The reason given with requests that this session's refused statements file.", nullptr,
                               &settings.reason.text, "", PGC_USERSET, 0, CheckClaim, ClaimSet<&Settings::reason>, ShowClaim<&Settings::reason>);
    DefineCustomStringVariable("pg_warrant.duration", "The duration asked for by requests that this session's refused statements file.", nullptr,
                               &settings.duration.text, "", PGC_USERSET, 0, CheckDuration, ClaimSet<&Settings::duration>,
                               ShowClaim<&Settings::duration>);
    DefineCustomStringVariable("pg_warrant.ticket", "The ticket given with requests that this session's refused statements file.", nullptr,
                               &settings.ticket.text, "", PGC_USERSET, 0, CheckTicket, ClaimSet<&Settings::ticket>, ShowClaim<&Settings::ticket>);
    MarkGUCPrefixReserved("pg_warrant");
}

}    // namespace warrant
