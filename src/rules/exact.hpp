// Exact grants: each serves one statement and no other. A grant keeps the statement's identity, which is compared part by part.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The parts in the order in which a difference is told.
enum class IdentityPart : uint8_t { Text, Parameters, Session, Objects };
constexpr int identity_parts = 4;
constexpr int identity_bytes = identity_parts * PG_SHA256_DIGEST_LENGTH;

// A digest for each part.
struct StatementIdentity {
    uint8_t digests[identity_parts][PG_SHA256_DIGEST_LENGTH];
};

// How the statement that is decided about differs from the one of a grant.
enum class Difference : uint8_t { None, Text, Parameters, Session, Objects, NotItself };

// In words, for whoever has the grant.
inline constexpr const char* other_statement[] = {
    "",
    "this one has another text",
    "this one has other parameters",
    "this one runs as another user, or with another search_path or other settings",
    "its names lead to other objects now, or to changed ones",
    "this one cannot be compared with it",
};

// Asks that of the statement under check; NotItself for what is no statement of the client's own, or cannot be told. Set by the gate.
inline Difference (*difference_from)(const StatementIdentity* granted);

// An exact grant that would serve another statement; 0 for none.
struct MissedGrant {
    int64_t id;
    Difference difference;
};
inline MissedGrant missed_grant;    // of the decisions since it was emptied last, the one whose statement is the nearest

// Whether an exact grant has let something run since this was put to false.
inline bool exact_grant_serves;

}    // namespace warrant
