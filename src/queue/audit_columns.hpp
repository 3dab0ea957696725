// The columns of warrant.audit_log, in one table: what each is called, its type, and what stands in it. The recorder's rows, the lines of the
// server's log that stand for rows, and what SQL is told of a session and a statement are all made from it.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// What a row is about.
enum class AuditPart : uint8_t { Row, Session, Statement, Access };

// One value. A number also holds an OID, a time, and a duration in microseconds; text also holds a name, bytes, and names
// as a JSON array.
struct AuditValue {
    bool present;
    int64_t number;
    const char* text;
    uint32_t size;
};

// What a row is made of. The first three are the recorder's, and zero elsewhere.
struct AuditSource {
    int64_t seq;
    TimestampTz sealed_at;
    const uint8_t* hmac;    // of the statement's text; nullptr: no text is kept
    const EntryHeader* entry;
    EntryParts parts;
    const AuditFields* end;                   // the entry's own fields, or the outcome that belongs to it
    const char* (*name_of_role)(Oid role);    // nullptr where it has none, or is not to be looked for
    const char* ticket;                       // of the grant or request; nullptr where there is none, and outside the recorder
};

struct AuditColumn {
    const char* name;
    Oid type;
    AuditPart part;
    AuditValue (*value)(const AuditSource& source);
};

constexpr int most_audit_columns = 64;
extern const AuditColumn audit_columns[];
extern const int audit_column_count;

// Fills, in the session, the fields that are about its statement, but for the digest.
void FillStatementFields(AuditFields* fields, uint64_t id, uint64_t query_id, TimestampTz now);

// The place of a column; raises XX000 where there is none of that name.
int AuditColumnNamed(const char* name);

// Adds "name":value to an object that has been begun; nothing, or null, for a value that is absent. A duration's name ends in "_us".
enum class Absent : uint8_t { LeftOut, Null };
void AddAsJson(StringInfo json, const AuditColumn* column, const AuditSource& source, Absent absent);

}    // namespace warrant
