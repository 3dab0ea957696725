// The identity of the client's own statement, by which an exact grant knows it: the text as the client sent it, the values of its parameters, who
// runs it under which search_path and settings, and the analysed query with all that its names led to. Computed only where an exact grant asks, or a
// refusal tells.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "rules/exact.hpp"

namespace warrant {

// Begins a check: what is decided from now on is about this query, which is planned, starts or runs; all nullptr for anything else. A query that code
// inside the client's statement runs has no identity.
void BeginCheck(const QueryDesc* query, Query* parsed);

// Begins a check of a statement that is only looked at.
void BeginCheckOf(const StatementIdentity& identity);

// Why an exact grant cannot serve what is under check, or nullptr. *parameters: its parameters in words, or nullptr for none.
const char* WhyNoIdentity(StatementIdentity* identity, const char** parameters);

// The identity of an analysed statement without parameters, as it would have when the client sent it in this session.
StatementIdentity IdentityOf(const char* text, int length, const Query* parsed);

// As actions have it. In the current memory context.
const char* IdentityAsHex(const StatementIdentity* identity);

// Why an analysed query can have no identity, or nullptr.
const char* WhyNotExact(const Query* parsed);

// What the planned query's names led to, when an exact grant serves it; it is noted with the plan, which shows it no more.
struct ServedObjects {
    bool served;
    uint32_t generation;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
};
ServedObjects TakeServedObjects();
void NoteServedObjects(PlannedStmt* plan, const ServedObjects& objects);

// Lets the rules ask. Once in each process.
void CompareIdentities();

}    // namespace warrant
