#include "core/destination.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <arpa/inet.h>

namespace warrant::core {

namespace {

// IANA's special-purpose registries, as far as they lead inside or nowhere.
constexpr std::string_view special_networks[] = {
    "0.0.0.0/8",         // this host
    "10.0.0.0/8",        // private
    "100.64.0.0/10",     // shared
    "127.0.0.0/8",       // loopback
    "169.254.0.0/16",    // link-local, and the clouds' metadata
    "172.16.0.0/12",     // private
    "192.0.0.0/24",      // protocol assignments
    "192.168.0.0/16",    // private
    "198.18.0.0/15",     // benchmarking
    "224.0.0.0/4",       // multicast
    "240.0.0.0/4",       // reserved, broadcast
    "::/96",             // unspecified, loopback, IPv4-compatible
    "::ffff:0:0/96",     // IPv4-mapped
    "64:ff9b::/96",      // NAT64
    "64:ff9b:1::/48",    // NAT64, local
    "2001::/32",         // Teredo
    "2002::/16",         // 6to4
    "fc00::/7",          // private
    "fe80::/10",         // link-local
    "fec0::/10",         // site-local, of old
    "ff00::/8",          // multicast
};

bool Covered(const Address& address, std::span<const Network> networks) {
    return std::any_of(networks.begin(), networks.end(), [&](const Network& network) { return Contains(network, address); });
}

// Whether all bits of the address from this one on are zero.
bool ZeroFrom(const Address& address, int bit) {
    for (int i = bit; i < address.size * 8; i++) {
        if (address.bytes[static_cast<size_t>(i / 8)] & (0x80 >> i % 8)) {
            return false;
        }
    }
    return true;
}

}    // namespace

std::optional<Address> ParseAddress(std::string_view text) {
    const std::string terminated(text);
    Address address{4, {}};
    if (text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    address = {16, {}};
    return inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1 ? std::optional(address) : std::nullopt;
}

std::optional<Network> ParseNetwork(std::string_view text) {
    size_t slash = text.find('/');
    std::optional<Address> address = ParseAddress(text.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    int bits = address->size * 8;
    if (slash != std::string_view::npos) {
        std::string_view digits = text.substr(slash + 1);
        auto [read, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc() || read != digits.data() + digits.size() || bits < 0 || bits > address->size * 8) {
            return std::nullopt;
        }
    }
    return ZeroFrom(*address, bits) ? std::optional(Network{*address, bits}) : std::nullopt;
}

bool Contains(const Network& network, const Address& address) {
    if (network.address.size != address.size) {
        return false;
    }
    Address difference{address.size, {}};
    for (size_t i = 0; i < address.size; i++) {
        int left = network.bits - static_cast<int>(i) * 8;
        uint8_t mask = left >= 8 ? 0xFF : left <= 0 ? 0 : static_cast<uint8_t>(0xFF << (8 - left));
        difference.bytes[i] = (network.address.bytes[i] ^ address.bytes[i]) & mask;
    }
    return ZeroFrom(difference, 0);
}

bool IsLoopback(const Address& address) {
    static constexpr Address one{16, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    return address.size == 4 ? address.bytes[0] == 127 : address.bytes == one.bytes;
}

bool MayConnect(const Address& address, std::span<const Network> allowed) {
    bool special = std::any_of(std::begin(special_networks), std::end(special_networks), [&](std::string_view text) {
        std::optional<Network> network = ParseNetwork(text);
        return !network || Contains(*network, address);
    });
    return !special || Covered(address, allowed);
}

std::string ToText(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(address.size == 4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
    return text;
}

}    // namespace warrant::core
