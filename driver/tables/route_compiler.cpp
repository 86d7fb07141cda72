// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/route_compiler.hpp"

#include <algorithm>

#include "driver/tables/interval_table.hpp"

namespace sallyport::driver {
namespace {

using layout::Address;

// The first `length` bits of 64.
std::uint64_t half_mask(unsigned length) { return length == 0 ? 0 : ~std::uint64_t{0} << (64 - length); }
Address mask_of(unsigned length) {
  return {half_mask(std::min(length, 64U)), half_mask(length <= 64 ? 0 : length - 64)};
}

layout::Row row_of(const RouteEntry& route) {
  layout::Row row;
  row.set(layout::route::kKind, static_cast<std::uint64_t>(route.kind));
  row.set(layout::route::kNextHop, route.next_hop);
  return row;
}

}  // namespace

Address first_of(const Address& prefix, unsigned length) {
  const Address mask = mask_of(length);
  return {prefix.high & mask.high, prefix.low & mask.low};
}

Address last_of(const Address& prefix, unsigned length) {
  const Address mask = mask_of(length);
  return {prefix.high | ~mask.high, prefix.low | ~mask.low};
}

Result<void> compile_routes(const std::vector<RouteEntry>& routes, TableImage& image) {
  for (const RouteEntry& route : routes) {
    if (route.length > layout::kAddressBits) {
      return Error{Errc::kInvalid, "a route of prefix length " + std::to_string(route.length)};
    }
  }
  // Shorter first, so that a longer one, or a later of equals, overwrites. A short prefix that IPv4's addresses lie
  // within is not meant for them: nothing leads there but what a route of IPv4 says.
  std::vector<RouteEntry> ordered = {{Address::from_v4(0), kIpv4Prefix, layout::Route::kNone, 0}};
  ordered.insert(ordered.end(), routes.begin(), routes.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const RouteEntry& a, const RouteEntry& b) { return a.length < b.length; });
  IntervalCuts cuts(layout::kLastAddress);
  for (const RouteEntry& route : ordered)
    cuts.cut(first_of(route.prefix, route.length), last_of(route.prefix, route.length));
  cuts.finish();
  const auto& starts = cuts.starts();
  const auto starts_table = static_cast<unsigned>(layout::TableId::kRouteStart);
  const auto rows_table = static_cast<unsigned>(layout::TableId::kRoute);
  TableImage next = image;
  if (auto r = write_interval_tree(starts_table, cuts, "routes", next); !r) return r.error();

  std::vector<layout::Row> rows(starts.size());
  for (const RouteEntry& route : ordered) {
    const auto from = std::lower_bound(starts.begin(), starts.end(), first_of(route.prefix, route.length));
    const auto to = std::upper_bound(starts.begin(), starts.end(), last_of(route.prefix, route.length));
    std::fill(rows.begin() + (from - starts.begin()), rows.begin() + (to - starts.begin()), row_of(route));
  }
  for (unsigned k = 0; k < next.rows(rows_table); ++k) {
    const auto interval = found_at(k, next.rows(rows_table), cuts);
    next.set_row(rows_table, k, interval ? rows[*interval] : layout::Row());
  }
  image = std::move(next);
  return {};
}

void set_next_hop(TableImage& image, std::uint8_t row, const NextHop& hop) {
  layout::Row bits;
  bits.set(layout::next_hop::kValid, 1);
  bits.set(layout::next_hop::kPort, static_cast<std::uint64_t>(hop.port));
  bits.set(layout::next_hop::kMtu, hop.mtu);
  bits.set(layout::next_hop::kMac, number_of(hop.mac));
  image.set_row(static_cast<unsigned>(layout::TableId::kNextHop), row, bits);
}

void clear_next_hop(TableImage& image, std::uint8_t row) {
  image.set_row(static_cast<unsigned>(layout::TableId::kNextHop), row, layout::Row());
}

std::optional<NextHop> next_hop(const TableImage& image, std::uint8_t row) {
  const layout::Row& bits = image.row(static_cast<unsigned>(layout::TableId::kNextHop), row);
  if (bits.get(layout::next_hop::kValid) == 0) return std::nullopt;
  NextHop hop;
  hop.port = static_cast<layout::Port>(bits.get(layout::next_hop::kPort));
  hop.mtu = static_cast<std::uint16_t>(bits.get(layout::next_hop::kMtu));
  hop.mac = mac_of(bits.get(layout::next_hop::kMac));
  return hop;
}

std::vector<ImageNeighbour> image_neighbours(const TableImage& image) {
  const std::vector<Key> starts = interval_starts(static_cast<unsigned>(layout::TableId::kRouteStart), image);
  std::vector<ImageNeighbour> neighbours;
  for (unsigned i = 0; i + 1 < starts.size(); ++i) {
    const layout::Row& row = image.row(static_cast<unsigned>(layout::TableId::kRoute), i);
    const bool sent = row.get(layout::route::kKind) == static_cast<std::uint64_t>(layout::Route::kSend);
    if (!sent || starts[i + 1] != starts[i].next()) continue;
    const auto hop = next_hop(image, static_cast<std::uint8_t>(row.get(layout::route::kNextHop)));
    if (hop) neighbours.push_back({starts[i], *hop});
  }
  return neighbours;
}

}  // namespace sallyport::driver
