// SPDX-License-Identifier: Apache-2.0
// A small reference compiler: from a Policy to the rows of one bank, straight from the comments of
// hw/layout/tables.hpp.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "hw/layout/bucket_hash.hpp"
#include "hw/layout/row.hpp"
#include "hw/layout/tables.hpp"
#include "hw/lookup/tb/policy.hpp"

namespace sallyport::hw {

struct TableRow {
  unsigned table_id;
  unsigned row;
  layout::Row data;
};

class Compiler {
 public:
  Compiler(const Policy& policy, bool outbound, std::uint32_t hash_seed) : policy_(policy) {
    const auto first = static_cast<unsigned>(outbound ? layout::TableId::kSpdOut : layout::TableId::kSpdIn);
    for (int f = 0; f < kRangeFields; ++f) compile_field(first + 2 * f, f);
    compile_protocols(first + static_cast<unsigned>(layout::SpdTable::kProtocol));
    compile_rules(first + static_cast<unsigned>(layout::SpdTable::kRule));
    compile_routes();
    compile_senders(hash_seed);
  }

  const std::vector<TableRow>& rows() const { return rows_; }

 private:
  // `starts` without the first interval's, which is 0 for every table.
  void add_tree(unsigned table_id, std::vector<layout::Address> starts) {
    const unsigned n = layout::kTables[table_id].rows;
    ASSERT_LT(starts.size(), n) << layout::kTables[table_id].name;
    starts.resize(n - 1, starts.empty() ? layout::Address() : starts.back());
    for (unsigned node = 1; node < n; ++node) {
      layout::Row row;
      row.set(layout::interval::kStart, starts[layout::interval_node(node, n)]);
      rows_.push_back({table_id, node, row});
    }
  }

  void compile_field(unsigned table_id, int f) {
    std::set<layout::Address> bounds;
    for (const Rule& rule : policy_.rules) {
      bounds.insert(rule.range[f].low);
      if (rule.range[f].high != largest(f)) bounds.insert(rule.range[f].high.next());
    }
    bounds.erase(layout::Address());
    const std::vector<layout::Address> starts(bounds.begin(), bounds.end());
    add_tree(table_id, starts);
    const unsigned intervals = layout::kTables[table_id].rows;
    for (unsigned i = 0; i < intervals; ++i) {
      const std::size_t interval = std::min<std::size_t>(i, starts.size());
      const layout::Address key = interval == 0 ? layout::Address() : starts[interval - 1];
      add_bitmap(table_id + 1, i, intervals, [&](const Rule& rule) { return rule.range[f].holds(key); });
    }
  }

  template <class Matches>
  void add_bitmap(unsigned table_id, unsigned interval, unsigned intervals, Matches matches) {
    layout::Row low, high;  // rules 0 to 511, and 512 to 1023
    for (unsigned r = 0; r < policy_.rules.size(); ++r)
      (r < 512 ? low : high).set_bit(r % 512, matches(policy_.rules[r]));
    rows_.push_back({table_id, interval, low});
    rows_.push_back({table_id, intervals + interval, high});
  }

  void compile_protocols(unsigned table_id) {
    for (unsigned protocol = 0; protocol < layout::kProtocols; ++protocol) {
      add_bitmap(table_id, protocol, layout::kProtocols,
                 [protocol](const Rule& rule) { return rule.protocol.value_or(protocol) == protocol; });
    }
  }

  void compile_rules(unsigned table_id) {
    for (unsigned r = 0; r < policy_.rules.size(); ++r) {
      layout::Row row;
      row.set(layout::spd_rule::kAction, policy_.rules[r].action);
      row.set(layout::spd_rule::kPolicyId, policy_.rules[r].policy_id);
      row.set(layout::spd_rule::kSaIndex, policy_.rules[r].sa_index);
      row.set(layout::spd_rule::kSynToHost, policy_.rules[r].syn_to_host);
      rows_.push_back({table_id, r, row});
    }
  }

  void compile_routes() {
    std::vector<layout::Address> starts;
    for (const Route& route : policy_.routes) starts.push_back(route.start);
    starts.erase(starts.begin());
    add_tree(static_cast<unsigned>(layout::TableId::kRouteStart), starts);
    for (unsigned i = 0; i < layout::kRouteIntervals; ++i) {
      const Route& route = policy_.routes[std::min<std::size_t>(i, policy_.routes.size() - 1)];
      layout::Row row;
      row.set(layout::route::kKind, route.kind);
      row.set(layout::route::kNextHop, route.next_hop);
      rows_.push_back({static_cast<unsigned>(layout::TableId::kRoute), i, row});
    }
  }

  // Every bucket is written, so that what another policy left in the bank goes.
  void compile_senders(std::uint32_t hash_seed) {
    std::vector<layout::Row> buckets(layout::kPrincipalBuckets);
    std::vector<unsigned> used(layout::kPrincipalBuckets);
    for (const auto& [address, principal] : policy_.senders) {
      const auto [first, second] = layout::principal_buckets(address, hash_seed);
      const unsigned bucket = used[first] <= used[second] ? first : second;
      ASSERT_LT(used[bucket], layout::kBucketEntries);
      add_entry(buckets[bucket], used[bucket]++, address, principal);
    }
    for (unsigned i = 0; i < layout::kPrincipalBuckets; ++i) {
      rows_.push_back({static_cast<unsigned>(layout::TableId::kPrincipal), i, buckets[i]});
    }
  }

 public:
  static void add_entry(layout::Row& bucket, unsigned entry, const layout::Address& address, std::uint32_t principal) {
    const auto field = [entry](layout::Field f) {
      f.lsb += layout::principal_bucket::kEntryBits * entry;
      return f;
    };
    bucket.set(field(layout::principal_bucket::kValid), 1);
    bucket.set(field(layout::principal_bucket::kPrincipal), principal);
    bucket.set(field(layout::principal_bucket::kAddress), address);
  }

 private:
  const Policy& policy_;
  std::vector<TableRow> rows_;
};

}  // namespace sallyport::hw
