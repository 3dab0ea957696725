// Whether enough persons of each role have approved, when somebody who is in two roles counts for one of them.
#pragma once

#include <cstdint>

namespace warrant::core {

constexpr int most_approver_roles = 10;
constexpr int most_approvals = 100;    // of all roles together

// A bit for each role of a quorum.
using RoleSet = uint16_t;

class Quorum {
  public:
    void Add(int wanted) { wanted_[roles_++] = wanted; }

    // Counts one more person, who is in these roles, if that brings the quorum nearer. Whoever was counted before stays so, maybe for another role.
    bool Count(RoleSet roles);

    int Roles() const { return roles_; }
    int Missing(int role) const { return wanted_[role] - counted_[role]; }
    int Missing() const;

  private:
    bool MakeRoom(RoleSet roles, int person, RoleSet* tried);

    int roles_ = 0;
    int persons_ = 0;
    int wanted_[most_approver_roles] = {};
    int counted_[most_approver_roles] = {};
    RoleSet roles_of_[most_approvals] = {};    // each person who is counted
    int role_of_[most_approvals] = {};         // for which of them
};

}    // namespace warrant::core
