// Addresses and networks: what is read is written again as itself, and a network holds its own address.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/destination.hpp"

using namespace warrant::core;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto address = ParseAddress(text)) {
        auto again = ParseAddress(ToText(*address));
        if (!again || again->size != address->size || again->bytes != address->bytes)
            abort();
        (void)MayConnect(*address, {});
    }
    if (auto network = ParseNetwork(text))
        if (!Contains(*network, network->address) || !MayConnect(network->address, {&*network, 1}))
            abort();
    return 0;
}
