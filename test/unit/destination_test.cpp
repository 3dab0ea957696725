// No address leads inside unless a network of the list covers it.
#include "core/destination.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace warrant::core;

namespace {

bool May(const char* address, std::initializer_list<const char*> networks = {}) {
    std::vector<Network> allowed;
    for (const char* text : networks) {
        auto network = ParseNetwork(text);
        EXPECT_TRUE(network) << text;
        allowed.push_back(*network);
    }
    auto parsed = ParseAddress(address);
    EXPECT_TRUE(parsed) << address;
    return MayConnect(*parsed, allowed);
}

}    // namespace

TEST(Destination, PublicAddressesMay) {
    for (const char* address :
         {"1.1.1.1",         "9.255.255.255", "11.0.0.0",        "100.63.255.255",       "100.128.0.0", "126.255.255.255", "128.0.0.1",
          "169.253.255.255", "169.255.0.0",   "172.15.255.255",  "172.32.0.0",           "192.0.1.0",   "192.167.255.255", "192.169.0.0",
          "198.17.255.255",  "198.20.0.0",    "223.255.255.255", "2606:4700:4700::1111", "2001:1::1",   "fbff::1"}) {
        EXPECT_TRUE(May(address)) << address;
    }
}

TEST(Destination, AddressesInsideMayNot) {
    for (const char* address :
         {"0.0.0.0",         "0.1.2.3",     "10.0.0.0",        "10.255.255.255", "100.64.0.0",      "100.127.255.255", "127.0.0.1",
          "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0",     "172.31.255.255",  "192.0.0.1",       "192.168.0.0",
          "192.168.255.255", "198.18.0.0",  "198.19.255.255",  "224.0.0.1",      "239.255.255.255", "240.0.0.1",       "255.255.255.255"}) {
        EXPECT_FALSE(May(address)) << address;
    }
    for (const char* address : {"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:1.1.1.1", "64:ff9b::a00:1", "64:ff9b:1::1",
                                "2001::1", "2002:7f00:1::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1"}) {
        EXPECT_FALSE(May(address)) << address;
    }
}

TEST(Destination, WhatTheListCoversMay) {
    EXPECT_TRUE(May("127.0.0.1", {"127.0.0.1"}));
    EXPECT_FALSE(May("127.0.0.2", {"127.0.0.1"}));
    EXPECT_TRUE(May("10.1.2.3", {"192.168.0.0/16", "10.1.0.0/16"}));
    EXPECT_FALSE(May("10.2.2.3", {"192.168.0.0/16", "10.1.0.0/16"}));
    EXPECT_TRUE(May("10.1.2.131", {"10.1.2.128/25"}));
    EXPECT_FALSE(May("10.1.2.127", {"10.1.2.128/25"}));
    EXPECT_TRUE(May("fd00:1::7", {"fd00:1::/32"}));
    EXPECT_TRUE(May("10.0.0.1", {"0.0.0.0/0"}));
    EXPECT_FALSE(May("::1", {"0.0.0.0/0"}));
    EXPECT_FALSE(May("::ffff:10.0.0.1", {"10.0.0.0/8"}));
    EXPECT_TRUE(May("::ffff:10.0.0.1", {"::ffff:10.0.0.0/104"}));
}

TEST(Destination, ReadsOnlyNetworks) {
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0", "010.0.0.1",
                             "::1/129", "::1/64", "fe80::1%eth0", "localhost", " 10.0.0.0/8", "10.0.0.0 /8"}) {
        EXPECT_FALSE(ParseNetwork(text)) << text;
    }
    EXPECT_FALSE(ParseNetwork(std::string_view("10.0.0.1\0.evil", 14)));
}

TEST(Destination, KnowsLoopback) {
    EXPECT_TRUE(IsLoopback(*ParseAddress("127.9.9.9")));
    EXPECT_TRUE(IsLoopback(*ParseAddress("::1")));
    EXPECT_FALSE(IsLoopback(*ParseAddress("128.0.0.1")));
    EXPECT_FALSE(IsLoopback(*ParseAddress("::ffff:127.0.0.1")));
    EXPECT_FALSE(IsLoopback(*ParseAddress("::2")));
}

TEST(Destination, WritesAddresses) {
    EXPECT_EQ(ToText(*ParseAddress("10.0.0.1")), "10.0.0.1");
    EXPECT_EQ(ToText(*ParseAddress("FD00:0::1")), "fd00::1");
}
