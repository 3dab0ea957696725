// Quorums of several roles: nobody counts twice, and whoever is in two roles stands where he is needed.
#include "core/quorum.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace warrant::core;

namespace {

constexpr RoleSet dba = 1, security = 2, audit = 4;

Quorum Wanting(const std::vector<int>& wanted) {
    Quorum quorum;
    for (int count : wanted)
        quorum.Add(count);
    return quorum;
}

// The most persons who can be counted, by trying each role for each of them.
int MostCounted(std::vector<int>* room, const std::vector<RoleSet>& persons, size_t from) {
    if (from == persons.size())
        return 0;
    int most = MostCounted(room, persons, from + 1);
    for (size_t role = 0; role < room->size(); role++) {
        if ((persons[from] >> role & 1) == 0 || (*room)[role] == 0)
            continue;
        (*room)[role]--;
        most = std::max(most, 1 + MostCounted(room, persons, from + 1));
        (*room)[role]++;
    }
    return most;
}

}    // namespace

TEST(Quorum, TakesSoManyOfEachRole) {
    Quorum quorum = Wanting({1, 2});
    EXPECT_EQ(quorum.Missing(), 3);
    EXPECT_TRUE(quorum.Count(dba));
    EXPECT_FALSE(quorum.Count(dba)) << "one is enough";
    EXPECT_FALSE(quorum.Count(0)) << "a member of neither";
    EXPECT_TRUE(quorum.Count(security));
    EXPECT_EQ(quorum.Missing(0), 0);
    EXPECT_EQ(quorum.Missing(1), 1);
    EXPECT_TRUE(quorum.Count(security));
    EXPECT_EQ(quorum.Missing(), 0);
    EXPECT_FALSE(quorum.Count(security | dba)) << "it is complete";
}

TEST(Quorum, CountsNobodyTwice) {
    Quorum quorum = Wanting({1, 1});
    EXPECT_TRUE(quorum.Count(dba | security));
    EXPECT_EQ(quorum.Missing(), 1);
}

TEST(Quorum, MovesWhoeverIsInTwoRoles) {
    Quorum quorum = Wanting({1, 1});
    EXPECT_TRUE(quorum.Count(dba | security));
    EXPECT_TRUE(quorum.Count(dba)) << "the first stands for security then";
    EXPECT_EQ(quorum.Missing(), 0);
    Quorum chain = Wanting({1, 1, 1});
    EXPECT_TRUE(chain.Count(dba | security));
    EXPECT_TRUE(chain.Count(security | audit));
    EXPECT_TRUE(chain.Count(dba)) << "two move";
    EXPECT_EQ(chain.Missing(), 0);
}

TEST(Quorum, HoldsTheMostThatThereCanBe) {
    Quorum quorum = Wanting({most_approvals});
    for (int i = 0; i < most_approvals; i++)
        EXPECT_TRUE(quorum.Count(dba));
    EXPECT_FALSE(quorum.Count(dba));
    EXPECT_EQ(quorum.Missing(), 0);
}

TEST(Quorum, CountsAsManyAsAnyOrderCould) {
    std::mt19937 random(1);
    for (int round = 0; round < 3000; round++) {
        std::vector<int> wanted(1 + random() % 4);
        for (int& count : wanted)
            count = int(1 + random() % 2);
        std::vector<RoleSet> persons(random() % 7);
        for (RoleSet& roles : persons)
            roles = RoleSet(random() % (1U << wanted.size()));
        Quorum quorum = Wanting(wanted);
        int counted = 0;
        for (RoleSet roles : persons)
            counted += quorum.Count(roles);
        EXPECT_EQ(counted, MostCounted(&wanted, persons, 0)) << "round " << round;
    }
}
