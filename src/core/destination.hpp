// Where the network client may connect to: checked on addresses, after the name was resolved, so that no name leads inside.
//
// Refused unless a network of the caller's own list covers the address: unspecified, loopback, link-local, private and shared
// (RFC 1918, RFC 6598, RFC 4193), benchmarking, protocol assignments, multicast, reserved and broadcast addresses, and IPv6
// forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo).
#pragma once
#ifdef POSTGRES_H
#error "core/ knows no server: include it before pg/server.hpp"
#endif

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warrant::core {

// An address of either family. IPv4 takes the first four bytes.
struct Address {
    uint8_t size;    // 4 or 16
    std::array<uint8_t, 16> bytes;
};

struct Network {
    Address address;
    int bits;
};

// An IPv4 or IPv6 address in its text form, without zone.
std::optional<Address> ParseAddress(std::string_view text);

// CIDR, as the server's type cidr writes it; an address alone is a network of one. Nothing when bits after the prefix are set.
std::optional<Network> ParseNetwork(std::string_view text);

bool Contains(const Network& network, const Address& address);

bool IsLoopback(const Address& address);

// The rule above. A network of one family never covers an address of the other: ::ffff:10.0.0.1 needs an IPv6 network.
bool MayConnect(const Address& address, std::span<const Network> allowed);

// The address as text, for messages.
std::string ToText(const Address& address);

}    // namespace warrant::core
