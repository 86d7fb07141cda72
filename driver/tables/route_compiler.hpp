// SPDX-License-Identifier: Apache-2.0
// From routes, neighbours and own addresses to the intervals the card forwards by.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/mac_address.hpp"
#include "driver/tables/table_image.hpp"
#include "hw/layout/address.hpp"
#include "hw/layout/codes.hpp"

namespace sallyport::driver {

// What the length of an IPv4 prefix counts from: 10.0.0.0/8 is from_v4(0x0a000000) with kIpv4Prefix + 8.
constexpr unsigned kIpv4Prefix = 96;

// One destination prefix; the longest that matches decides, of equals the later. One shorter than kIpv4Prefix is of
// IPv6 alone: ::/0 is no default route of IPv4.
struct RouteEntry {
  layout::Address prefix;
  unsigned length = 0;  // 0 to 128
  layout::Route kind = layout::Route::kNone;
  std::uint8_t next_hop = 0;  // row of next_hop when kind is kSend
};

// The ends of a prefix, whatever its host bits say.
layout::Address first_of(const layout::Address& prefix, unsigned length);
layout::Address last_of(const layout::Address& prefix, unsigned length);

struct NextHop {
  layout::Port port = layout::Port::kLan;
  MacAddress mac{};
  std::uint16_t mtu = 1500;
};

// To whom an image gives packets for this address and no other.
struct ImageNeighbour {
  layout::Address address;
  NextHop hop;
};

// Writes the route tables. kFull when the prefixes make more intervals than the card has; kInvalid for a length
// above 128. On an error the image is as before.
Result<void> compile_routes(const std::vector<RouteEntry>& routes, TableImage& image);

void set_next_hop(TableImage& image, std::uint8_t row, const NextHop& hop);
void clear_next_hop(TableImage& image, std::uint8_t row);

// The same backwards. None: the row holds no next hop.
[[nodiscard]] std::optional<NextHop> next_hop(const TableImage& image, std::uint8_t row);
[[nodiscard]] std::vector<ImageNeighbour> image_neighbours(const TableImage& image);

}  // namespace sallyport::driver
