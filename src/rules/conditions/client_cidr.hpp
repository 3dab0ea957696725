// The condition `client_cidr` of a policy: statements pass only from clients in certain networks.
//
// The address is that of the client's end of the connection as the server sees it; behind a pooler it is the pooler's. A client of a Unix-domain
// socket is on the server's own machine and counts as 127.0.0.1 and ::1. A process without a client is nowhere. An IPv4 address in an IPv6 one counts
// as the IPv4 address, on either side.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// One block in the memory context in which they were read or copied.
struct Networks;

// Of an array of cidr; a NULL in it is no network.
Networks* ReadNetworks(Datum array);
Networks* CopyNetworks(const Networks* networks);

// The networks, with commas between them.
const char* TextOf(const Networks* networks);

// Whether a client at this address, as queue/origin.hpp writes it, is in one of the networks.
bool AreAround(const Networks* networks, const char* client_address);

// Whether some client is in them after a change that was not before; nullptr is everywhere. Networks that only together are as large count as more.
bool AreMore(const Networks* before, const Networks* after);

}    // namespace warrant
