#include <arpa/inet.h>

#include "pg/server.hpp"

#include "rules/conditions/client_cidr.hpp"

namespace warrant {

namespace {

struct Address {
    int bits;    // 32 or 128
    uint8_t bytes[16];
};

struct Network {
    Address address;
    int bits;
};

// An IPv4 address in an IPv6 one, or a network of such, becomes what it stands for. Returns how many bits it has lost.
int Unmap(Address* address, int bits) {
    static constexpr uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    constexpr int prefix = int(sizeof mapped) * BITS_PER_BYTE;
    if (address->bits != 128 || bits < prefix || memcmp(address->bytes, mapped, sizeof mapped) != 0)
        return 0;
    address->bits = 32;
    memmove(address->bytes, address->bytes + sizeof mapped, 4);
    return prefix;
}

bool Holds(const Network& network, const Address& address) {
    return network.address.bits == address.bits &&
           (network.bits == 0 || bitncommon(network.address.bytes, address.bytes, network.bits) == network.bits);
}

// Without the zone of a link-local address.
bool ReadAddress(const char* text, Address* address) {
    char plain[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(text, "%");
    if (length >= sizeof plain)
        return false;
    memcpy(plain, text, length);
    *address = Address{32, {}};
    if (inet_pton(AF_INET, plain, address->bytes) == 1)
        return true;
    *address = Address{128, {}};
    if (inet_pton(AF_INET6, plain, address->bytes) != 1)
        return false;
    (void)Unmap(address, address->bits);
    return true;
}

}    // namespace

struct Networks {
    int count;
    int text_length;
    char* text;    // behind the networks
    Network items[FLEXIBLE_ARRAY_MEMBER];
};

namespace {

Size SizeOf(int count, int text_length) { return offsetof(Networks, items) + count * sizeof(Network) + text_length + 1; }

void PlaceText(Networks* networks) { networks->text = reinterpret_cast<char*>(&networks->items[networks->count]); }

Network NetworkOf(Datum value) {
    inet* cidr = DatumGetInetPP(value);
    Network network = {{ip_maxbits(cidr), {}}, ip_bits(cidr)};
    memcpy(network.address.bytes, ip_addr(cidr), ip_addrsize(cidr));
    network.bits -= Unmap(&network.address, network.bits);
    return network;
}

bool HoldsAny(const Networks* networks, const Address& address) {
    for (int i = 0; i < networks->count; i++)
        if (Holds(networks->items[i], address))
            return true;
    return false;
}

// Whether one of the networks is as large, or larger.
bool Covers(const Networks* networks, const Network& network) {
    for (int i = 0; i < networks->count; i++)
        if (networks->items[i].bits <= network.bits && Holds(networks->items[i], network.address))
            return true;
    return false;
}

}    // namespace

Networks* ReadNetworks(Datum array) {
    Datum* values;
    bool* nulls;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), CIDROID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
    StringInfoData text;
    initStringInfo(&text);
    for (int i = 0; i < count; i++)
        if (!nulls[i])
            appendStringInfo(&text, "%s%s", text.len == 0 ? "" : ", ", DatumGetCString(DirectFunctionCall1(cidr_out, values[i])));
    Networks* networks = static_cast<Networks*>(palloc0(SizeOf(count, text.len)));
    for (int i = 0; i < count; i++)
        if (!nulls[i])
            networks->items[networks->count++] = NetworkOf(values[i]);
    networks->text_length = text.len;
    PlaceText(networks);
    memcpy(networks->text, text.data, text.len);
    return networks;
}

Networks* CopyNetworks(const Networks* networks) {
    if (networks == nullptr)
        return nullptr;
    Size size = SizeOf(networks->count, networks->text_length);
    Networks* copy = static_cast<Networks*>(memcpy(palloc(size), networks, size));
    PlaceText(copy);
    return copy;
}

const char* TextOf(const Networks* networks) { return networks->text; }

bool AreAround(const Networks* networks, const char* client_address) {
    static constexpr Address own[] = {{32, {127, 0, 0, 1}}, {128, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
    if (strcmp(client_address, "[local]") == 0)
        return HoldsAny(networks, own[0]) || HoldsAny(networks, own[1]);
    Address address;
    return ReadAddress(client_address, &address) && HoldsAny(networks, address);
}

bool AreMore(const Networks* before, const Networks* after) {
    if (before == nullptr)
        return false;
    if (after == nullptr)
        return true;
    for (int i = 0; i < after->count; i++)
        if (!Covers(before, after->items[i]))
            return true;
    return false;
}

}    // namespace warrant
