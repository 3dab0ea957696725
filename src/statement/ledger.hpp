// What a ledger (statement.hpp) is made of, for those who write it: statement.cpp and uses.cpp.
#pragma once

#include "pg/server.hpp"

#include "statement/statement.hpp"

namespace warrant {

struct Statement {
    Statement* next;
    QueryDesc* query;          // nullptr: a utility statement's or a planning's, ended by its frame
    int nest_level;            // of the transaction that its top-level statement began in
    uint64_t id;
    uint64_t query_id;
    TimestampTz started;
    int64_t rows;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
    int count;
    int room;
    Line* lines;
    Line first_lines[4];
    bool deferred;             // nothing is recorded yet: its first run does that
    int paid_count;
    int paid_room;
    int64_t* paid;             // grants whose use is spent
};

// The ledger of a query that starts or runs; nullptr when it has none.
Statement* FindLedger(const QueryDesc* query);

// The same, made when there is none. nest_level: of the transaction that the query began in.
Statement* LedgerOf(QueryDesc* query, int nest_level);

// What the planning of the client's statement has left to its start, and to another planning of it; nullptr when that spent no use, and once
// another statement has started.
const Statement* StartingLedger();

// The ledger of the top-level statement under way, made with this text when it has none.
Statement* CurrentStatement(QueryDesc* query, const char* text, int length);

// The line of a verdict; nullptr when it is a new one.
Line* FindLine(Statement* statement, const Verdict* verdict);
Line* NewLine(Statement* statement, const Verdict* verdict);

// The nesting level of the transaction in which the frame's statement began; it may be in a subtransaction of its own now.
int LevelOf(const Frame* frame);

}    // namespace warrant
