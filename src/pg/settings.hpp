// The settings. Units are in the names.
#pragma once

#include "pg/server.hpp"

namespace warrant {

enum class Enforcement : int { Enforce, Monitor, Off };
enum class AuditFailure : int { Deny, Allow };

// What a session claims for the request of a refused statement. A claim made by SET is for one request; one made for a role, a database or a
// connection is for all of the session's.
struct Claim {
    char* text;
    bool* used;    // the server keeps it beside the text and brings back both at a rollback; nullptr of a claim for all requests
};

struct Settings {
    int enforcement;    // an Enforcement
    bool enforce_superuser;
    int audit_failure;    // an AuditFailure
    int audit_timeout_ms;
    int default_duration_s;
    int max_duration_s;
    int request_ttl_s;
    int refusal_rate_per_s;    // per subject
    int max_pending;           // requests of one subject
    int max_query_length;      // bytes of statement text kept
    int max_databases;
    int ring_size_kb;
    int decision_wait_ms;
    bool wait_in_transaction;
    int max_waiters;
    char* secret_file;           // the courier alone reads it
    char* admin_roles;           // names with commas
    char* pool_roles;            // names with commas
    int pool_changes;            // how often they were set
    char* required_databases;    // names with commas
    char* instance;              // tells copies of a server apart
    int instance_changes;
    bool allow_restore;
    bool definition_approval;
    char* replication_roles;    // names with commas, or *
    Claim reason;
    Claim duration;
    Claim ticket;
};

extern Settings settings;

// The text of a claim, empty when there is none or it has been used.
const char* TextOf(const Claim* claim);

// Says that a request carries the claims, so that no other will.
void UseClaims();

// What the configuration file says of the gate while the server runs.
struct WatchedSetting {
    const char* name;
    char kind;    // e: choices, b: on or off, i: a number, s: text
};
// clang-format off
constexpr WatchedSetting watched[] = {
    {"pg_warrant.enforcement", 'e'},
    {"pg_warrant.enforce_superuser", 'b'},
    {"pg_warrant.audit_failure", 'e'},
    {"pg_warrant.audit_timeout", 'i'},
    {"pg_warrant.default_duration", 'i'},
    {"pg_warrant.max_duration", 'i'},
    {"pg_warrant.request_ttl", 'i'},
    {"pg_warrant.refusal_rate", 'i'},
    {"pg_warrant.max_pending", 'i'},
    {"pg_warrant.max_query_length", 'i'},
    {"pg_warrant.decision_wait", 'i'},
    {"pg_warrant.wait_in_transaction", 'b'},
    {"pg_warrant.max_waiters", 'i'},
    {"pg_warrant.secret_file", 's'},
    {"pg_warrant.admin_roles", 's'},
    {"pg_warrant.required_databases", 's'},
    {"pg_warrant.pool_roles", 's'},
    {"pg_warrant.instance", 's'},
    {"pg_warrant.definition_approval", 'b'},
    {"pg_warrant.replication_roles", 's'}};
// clang-format on
constexpr int watched_count = lengthof(watched);

// Called with each value that this process takes over, of text its hash; from everywhere, the postmaster's signal handler too.
inline void (*on_setting)(int setting, uint32_t value) = nullptr;

// A value as SHOW without units has it; nullptr for text.
const char* WatchedValue(int setting, uint32_t value);

// Calls visit for each watched setting, with its value now.
void ForEachWatched(void (*visit)(int setting, uint32_t value));

// The names in a setting that is a list of them, in the current memory context; and whether a name is among them.
List* NamesIn(const char* setting);
bool IsListed(const char* setting, const char* name);

// Defines all settings; to be called from _PG_init while shared libraries are preloaded.
void DefineSettings();

}    // namespace warrant
