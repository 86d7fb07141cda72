// SPDX-License-Identifier: Apache-2.0
#include "driver/software/lookup.hpp"

#include <array>

#include "hw/layout/bucket_hash.hpp"

namespace sallyport::driver::software {
namespace {

using layout::SpdTable;
using layout::TableId;

unsigned find_interval(const LookupView& view, unsigned table, const Address& key) {
  const unsigned intervals = layout::kTables[table].rows;
  unsigned node = 1;
  while (node < intervals) {
    const Address start = view.tables.row(table, view.bank, node).get_address(layout::interval::kStart);
    node = 2 * node + (key >= start ? 1 : 0);
  }
  return node - intervals;
}

std::uint16_t find_principal(const LookupView& view, const Address& address) {
  namespace bucket = layout::principal_bucket;
  const layout::BucketPair buckets = layout::principal_buckets(address, view.hash_seed);
  for (const unsigned row_number : {buckets.first, buckets.second}) {
    const layout::Row& row = view.tables.row(static_cast<unsigned>(TableId::kPrincipal), view.bank, row_number);
    for (unsigned entry = 0; entry < layout::kBucketEntries; ++entry) {
      const auto of_entry = [&](layout::Field field) {
        field.lsb += entry * bucket::kEntryBits;
        return field;
      };
      if (row.get(of_entry(bucket::kValid)) == 1 && row.get_address(of_entry(bucket::kAddress)) == address) {
        return static_cast<std::uint16_t>(row.get(of_entry(bucket::kPrincipal)));
      }
    }
  }
  return 0;
}

std::optional<SpdRule> find_rule(const LookupView& view, const PacketKey& key, std::uint16_t principal) {
  const auto table = [&](SpdTable t) { return static_cast<unsigned>(view.spd) + static_cast<unsigned>(t); };
  std::array<std::uint8_t, layout::kSpdRules / 8> rules;
  rules.fill(0xff);
  const auto keep = [&](SpdTable bitmaps, unsigned interval) {
    const unsigned intervals = layout::kTables[table(bitmaps)].rows / layout::rule_bitmap::rows(1);
    for (unsigned rule = 0; rule < layout::kSpdRules; rule += layout::kRowBits) {
      const unsigned row = layout::rule_bitmap::row_of(rule, interval, intervals);
      const auto& bytes = view.tables.row(table(bitmaps), view.bank, row).bytes();
      for (unsigned i = 0; i < layout::kRowBytes; ++i) rules[rule / 8 + i] &= bytes[i];
    }
  };
  const auto keep_address = [&](SpdTable starts, SpdTable bitmaps, const Address& value) {
    keep(bitmaps, find_interval(view, table(starts), value));
  };
  const auto keep_number = [&](SpdTable starts, SpdTable bitmaps, std::uint16_t value) {
    keep_address(starts, bitmaps, Address(0, value));
  };
  keep_address(SpdTable::kSourceStart, SpdTable::kSource, key.source);
  keep_address(SpdTable::kDestinationStart, SpdTable::kDestination, key.destination);
  keep_number(SpdTable::kSourcePortStart, SpdTable::kSourcePort, key.source_port);
  keep_number(SpdTable::kDestinationPortStart, SpdTable::kDestinationPort, key.destination_port);
  keep_number(SpdTable::kPrincipalStart, SpdTable::kPrincipal, principal);
  keep(SpdTable::kProtocol, key.protocol);

  for (unsigned i = 0; i < layout::kSpdRules; ++i) {
    if ((rules[i / 8] >> (i % 8) & 1) == 0) continue;
    const layout::Row& row = view.tables.row(table(SpdTable::kRule), view.bank, i);
    return SpdRule{layout::Action(row.get(layout::spd_rule::kAction)), row.get(layout::spd_rule::kSynToHost) != 0,
                   static_cast<std::uint16_t>(row.get(layout::spd_rule::kPolicyId)),
                   static_cast<std::uint16_t>(row.get(layout::spd_rule::kSaIndex))};
  }
  return std::nullopt;
}

}  // namespace

LookupResult lookup(const LookupView& view, const PacketKey& key, std::optional<std::uint16_t> sender) {
  LookupResult result;
  result.principal = sender ? *sender : find_principal(view, key.source);
  result.rule = find_rule(view, key, result.principal);
  const unsigned interval = find_interval(view, static_cast<unsigned>(TableId::kRouteStart), key.destination);
  const layout::Row& route = view.tables.row(static_cast<unsigned>(TableId::kRoute), view.bank, interval);
  result.route = layout::Route(route.get(layout::route::kKind));
  result.next_hop = static_cast<unsigned>(route.get(layout::route::kNextHop));
  return result;
}

}  // namespace sallyport::driver::software
