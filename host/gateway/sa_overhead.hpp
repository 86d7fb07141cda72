// SPDX-License-Identifier: Apache-2.0
// What an SA puts around a packet, and so how large a packet may be.
#pragma once

#include "host/gateway/card_keeper.hpp"

namespace sallyport::gateway {

// The largest packet, of IPv6 or of IPv4, that still fits into `mtu` bytes once this SA protects it (hw/README.md,
// step 9).
[[nodiscard]] std::uint16_t largest_packet(const InstalledSa& sa, bool ipv6, std::uint16_t mtu);

}  // namespace sallyport::gateway
