// The settings. Units are in the names.
#pragma once

#include "pg/server.hpp"

namespace warrant {

enum class Enforcement : int { Enforce, Monitor, Off };
enum class AuditFailure : int { Deny, Allow };

struct Settings {
    int enforcement;            // an Enforcement
    bool enforce_superuser;
    int audit_failure;          // an AuditFailure
    int audit_timeout_ms;
    int default_duration_s;
    int max_duration_s;
    int request_ttl_s;
    int refusal_rate_per_s;     // per subject
    int max_pending;            // requests of one subject
    int max_query_length;       // bytes of statement text kept
    int max_databases;
    int ring_size_kb;
    int decision_wait_ms;
    bool wait_in_transaction;
    int max_waiters;
    char* secret_file;          // the courier alone reads it
    char* admin_roles;          // names with commas
    char* pool_roles;           // names with commas
    int pool_changes;           // how often they were set
    char* required_databases;   // names with commas
    char* instance;             // tells copies of a server apart
    int instance_changes;
    bool allow_restore;
    bool definition_approval;
    char* replication_roles;    // names with commas, or *
    char* reason;               // the session's claims, filed with a refused statement's request
    char* duration;
#ifdef WARRANT_MUTANTS
    char* mutant;
    char* wait_point;
#endif
};

extern Settings settings;

// The names in a setting that is a list of them, in the current memory context; and whether a name is among them.
List* NamesIn(const char* setting);
bool IsListed(const char* setting, const char* name);

// Defines them all; to be called from _PG_init while shared libraries are preloaded.
void DefineSettings();

}    // namespace warrant
