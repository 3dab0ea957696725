// The policies of relations that govern together, read with few scans however many relations and policies there are.
#pragma once

#include "pg/server.hpp"

#include "rules/policies.hpp"

namespace warrant {

// A relation of the family, with the policies that match it; between the members the strictest answer wins. One may stand for others that the same
// policies match.
struct Member {
    Oid relation;
    Oid schema;
    PolicyList policies;
};

struct Members {
    int count;
    Member* items;
    List* namesakes;    // living relations and schemas whose end changes what covers the family, by a name
};

// What was read so far, in the memory context in which the reader was made.
struct MemberReader {
    Rows rows;
    HTAB* tables;     // TablePolicies
    List* schemas;    // SchemaPolicies
    int families;     // read
};
MemberReader NewMemberReader(Rows rows);

// The members of a family: each relation that has policies of its own or by its label, or is to stand apart, and for each schema one of the others, a
// thousand partitions or one. What no policy can match is left out.
Members ReadMembers(MemberReader* reader, const List* family, const List* apart);

}    // namespace warrant
