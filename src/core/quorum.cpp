#include "core/quorum.hpp"

namespace warrant::core {

// An assignment: each role takes as many persons as it wants. When all roles of a person are full, one of theirs moves to another role of his, and so
// on; each role is tried once, since it cannot make room for the same person in two ways.
bool Quorum::MakeRoom(RoleSet roles, int person, RoleSet* tried) {
    for (int role = 0; role < roles_; role++) {
        RoleSet bit = RoleSet(1U << role);
        if ((roles & bit) == 0 || (*tried & bit) != 0)
            continue;
        *tried |= bit;
        bool has_room = Missing(role) > 0;
        counted_[role] += has_room;
        for (int other = 0; other < persons_ && !has_room; other++)
            has_room = other != person && role_of_[other] == role && MakeRoom(roles_of_[other], other, tried);
        if (has_room) {
            role_of_[person] = role;
            return true;
        }
    }
    return false;
}

bool Quorum::Count(RoleSet roles) {
    RoleSet tried = 0;
    if (persons_ == most_approvals || !MakeRoom(roles, persons_, &tried))
        return false;
    roles_of_[persons_++] = roles;
    return true;
}

int Quorum::Missing() const {
    int missing = 0;
    for (int role = 0; role < roles_; role++)
        missing += Missing(role);
    return missing;
}

}    // namespace warrant::core
