// What travels through the ring from a backend to the recorder.
#pragma once

#include "pg/server.hpp"

#include "rules/commands.hpp"

namespace warrant {

enum class EntryKind : uint8_t { Audit, Action };

enum class Event : uint8_t { Allowed, Outcome, Refused, WouldRefuse, Exempt, IndirectAttempt, RoleChanged, ConfigChanged };

// The event's name as it stands in warrant.audit_log.event; static memory.
const char* NameOf(Event event);

// Who did what the entry says. Filled by C code in the backend; SQL arguments never reach it.
struct Origin {
    Oid session_user;    // the subject: in a process without a client the current user
    Oid current_user;
    Oid authenticated_user;
    int32_t pid;
    TimestampTz backend_start;
    char authn_id[128];
    char client_addr[64];
    char application_name[NAMEDATALEN];
};

// The part of an audit row that is about one access of one statement. Begun with {}: where nobody knows better, these are the values of a row.
struct AuditFields {
    uint64_t statement_id;
    TimestampTz occurred_at;
    uint64_t xid;    // full transaction id, 0 for none
    uint64_t query_id;
    int64_t policy_id;
    int64_t grant_id;
    int64_t request_id;
    int64_t rows = -1;              // -1: not known
    int64_t rows_estimated = -1;    // of a refusal, by the server; -1: not known
    int64_t duration_us = -1;       // -1: not known
    Oid relation;
    int32_t policy_version;
    int32_t executions = 1;
    int32_t repeats = 1;    // statements that the row stands for
    int32_t sqlstate;       // as the server packs it; 0: none
    Event event;
    Command command;
    bool has_command;
    bool has_digest;
    bool finished;    // an outcome is known: failed tells which
    bool failed;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    NameData schema_name;
    NameData relation_name;
};

// An entry is a header, then policy name, names of columns (a JSON array), action name, arguments (of an action JSON text, of an audit record its
// comment) and statement text, none of them terminated.
struct EntryHeader {
    uint32_t size;    // of the header and all that follows it, unaligned
    EntryKind kind;
    bool waits;         // the backend waits for the reply in its mailbox
    bool stays;         // the entry counts also when nobody waits for the reply any more
    int32_t process;    // index of the backend's mailbox
    uint64_t serial;    // which wait of the backend the reply is for
    uint32_t policy_name_size;
    uint32_t columns_size;
    uint32_t action_size;
    uint32_t arguments_size;
    uint32_t text_size;
    Origin origin;
    AuditFields fields;
};

// What an entry carries behind its header; sizes are bytes, nothing is terminated.
struct EntryParts {
    const char* policy_name;
    uint32_t policy_name_size;
    const char* columns;
    uint32_t columns_size;
    const char* action;
    uint32_t action_size;
    const char* arguments;
    uint32_t arguments_size;
    const char* text;
    uint32_t text_size;
};

// How it went to put an entry into a ring.
enum class Enqueued { Yes, NoRecorder, RingFull };

constexpr uint32_t most_entry_bytes = 32 * 1024;

// Names of columns take so much of an entry. What does not fit is left out, and null stands for it.
constexpr int most_columns_bytes = 2000;

// What an outcome needs of the ring: promised when its attempt is recorded, so that reporting the end cannot fail.
constexpr uint32_t most_policy_name_bytes = 128;
constexpr uint32_t outcome_bytes = sizeof(EntryHeader) + most_policy_name_bytes;

}    // namespace warrant
