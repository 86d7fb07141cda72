// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>

#include "Vlookup_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/layout/codes.hpp"
#include "hw/lookup/tb/compile.hpp"
#include "hw/lookup/tb/policy.hpp"

namespace sallyport::hw {
namespace {

constexpr bool kOutbound = SALLYPORT_OUTBOUND;
constexpr std::uint32_t kHashSeed = 0x5eed;

layout::Row row_of(const VlWide<16>& words) {
  layout::Row row;
  std::memcpy(row.bytes().data(), words.data(), layout::kRowBytes);
  return row;
}

void set_address(VlWide<4>& port, const Address& address) {
  const std::uint64_t halves[] = {address.low, address.high};
  std::memcpy(port.data(), halves, sizeof halves);
}

class Lookup {
 public:
  Lookup() {
    dut_.model.hash_seed_i = kHashSeed;
    dut_.model.valid_i = dut_.model.write_valid_i = 0;
    while (!dut_.model.table_ready_o) dut_.tick();
  }

  void offer(const TableRow& row, bool bank) {
    auto& m = dut_.model;
    m.write_valid_i = 1;
    m.write_table_id_i = row.table_id;
    m.write_bank_i = bank;
    m.write_row_i = row.row;
    std::memcpy(m.write_data_i.data(), row.data.bytes().data(), layout::kRowBytes);
  }

  void load(const std::vector<TableRow>& rows, bool bank) {
    for (const TableRow& row : rows) {
      offer(row, bank);
      tick();
    }
  }

  // Asks for `key`, whose answer must come from `policy`.
  void ask(const Key& key, const Policy& policy) {
    auto& m = dut_.model;
    m.valid_i = 1;
    m.bank_i = key.bank;
    set_address(m.source_i, key.source);
    set_address(m.destination_i, key.destination);
    m.source_port_i = key.source_port;
    m.destination_port_i = key.destination_port;
    m.protocol_i = key.protocol;
    m.named_i = key.sender.has_value();
    m.name_i = key.sender.value_or(0x5555);
    expected_.push_back({dut_.clocks + m.latency_o, policy.look_up(key)});
  }

  // A clock; the answer in it, if one is due, is compared.
  void tick() {
    auto& m = dut_.model;
    dut_.tick();
    m.valid_i = m.write_valid_i = 0;
    const bool due = !expected_.empty() && expected_.front().clock == dut_.clocks;
    ASSERT_EQ(m.valid_o, due);
    if (!due) return;
    const Answer& want = expected_.front().answer;
    const layout::Row rule = row_of(m.rule_o);
    const layout::Row route = row_of(m.route_o);
    EXPECT_EQ(m.principal_o, want.principal);
    EXPECT_EQ(m.hit_o, want.rule != nullptr);
    layout::Row want_rule;  // all zero, that is discard, when nothing matches
    if (want.rule != nullptr) {
      want_rule.set(layout::spd_rule::kAction, want.rule->action);
      want_rule.set(layout::spd_rule::kPolicyId, want.rule->policy_id);
      want_rule.set(layout::spd_rule::kSaIndex, want.rule->sa_index);
      want_rule.set(layout::spd_rule::kSynToHost, want.rule->syn_to_host);
      ++hits;
    }
    layout::Row want_route;
    want_route.set(layout::route::kKind, want.route.kind);
    want_route.set(layout::route::kNextHop, want.route.next_hop);
    ASSERT_EQ(rule, want_rule);
    ASSERT_EQ(route, want_route);
    if (want.principal != 0) ++known;
    ++answers;
    expected_.pop_front();
  }

  void drain() {
    while (!expected_.empty() && !::testing::Test::HasFatalFailure()) tick();
  }

  unsigned answers = 0, hits = 0, known = 0;

 private:
  struct Expected {
    std::uint64_t clock;
    Answer answer;
  };
  Clocked<Vlookup_harness> dut_;
  std::deque<Expected> expected_;
};

// Random packets to one bank, at the pace of two clocks and with gaps, while `meanwhile` is loaded into the other.
void ask_many(Lookup& lookup, PolicyMaker& maker, std::mt19937& random, const Policy& policy, bool bank,
              const std::vector<TableRow>& meanwhile, unsigned count) {
  std::size_t loaded = 0;
  for (unsigned i = 0; (i < count || loaded < meanwhile.size()) && !::testing::Test::HasFatalFailure(); ++i) {
    Key key = maker.key();
    key.bank = bank;
    lookup.ask(key, policy);
    for (unsigned clocks = random() % 4 ? 2 : 2 + random() % 5; clocks > 0; --clocks) {
      if (loaded < meanwhile.size()) lookup.offer(meanwhile[loaded++], !bank);
      lookup.tick();
    }
  }
  lookup.drain();
}

TEST(Lookup, FindsTheFirstMatchOfAnOrderedListWhileTheClosedBankIsWritten) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Lookup lookup;
  bool bank = false;
  PolicyMaker maker(random);
  Policy open = maker.make(layout::kSpdRules);
  lookup.load(Compiler(open, kOutbound, kHashSeed).rows(), bank);
  for (const unsigned rules : {0U, 1U, 20U, 512U, 513U, 1024U}) {
    const Policy next = maker.make(rules);
    ask_many(lookup, maker, random, open, bank, Compiler(next, kOutbound, kHashSeed).rows(), 5000);
    open = next;
    bank = !bank;
  }
  ask_many(lookup, maker, random, open, bank, {}, 3000);
  EXPECT_GT(lookup.answers, 25000U);
  EXPECT_GT(lookup.hits, lookup.answers / 4);
  EXPECT_GT(lookup.answers - lookup.hits, lookup.answers / 20);
  EXPECT_GT(lookup.known, lookup.answers / 20);
}

// Each rule one user's: more than half of the intervals there are, and a rule in each half of a bitmap's bits.
TEST(Lookup, FindsTheRuleOfEachOfAThousandUsers) {
  Lookup lookup;
  Policy policy{{}, {{{}, 0, 0}}, {}};
  const auto principal = [](unsigned i) {
    return static_cast<std::uint16_t>(i + i / 64 + 1);
  };  // each 65th is nobody's
  for (unsigned i = 0; i < layout::kSpdRules; ++i) {
    Rule rule;
    for (int f = 0; f < kRangeFields; ++f) rule.range[f] = {Address(), largest(f)};
    rule.range[kPrincipal] = {Address(0, principal(i)), Address(0, principal(i))};
    rule.sa_index = i;
    policy.rules.push_back(rule);
    policy.senders[Address(0, i)] = principal(i);
  }
  for (const bool bank : {false, true}) lookup.load(Compiler(policy, kOutbound, kHashSeed).rows(), bank);
  const auto ask = [&](const Key& key) {
    lookup.ask(key, policy);
    lookup.tick();
    lookup.tick();
  };
  for (unsigned i = 0; i < layout::kSpdRules; ++i) ask(Key{i % 3 == 0, Address(0, i), {}, 0, 0, 0, {}});
  for (unsigned i = 0; i < 2048; ++i) ask(Key{i % 3 == 0, {}, {}, 0, 0, 0, static_cast<std::uint16_t>(i)});
  ask(Key{false, {}, {}, 0, 0, 0, 0xffff});
  lookup.drain();
  EXPECT_EQ(lookup.hits, 2 * layout::kSpdRules);
  EXPECT_EQ(lookup.answers, layout::kSpdRules + 2049);
}

TEST(Lookup, TakesThePacketsOfBothBanksInOneRow) {
  constexpr unsigned kSeed = 8;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Lookup lookup;
  PolicyMaker maker(random);
  const Policy policies[2] = {maker.make(100), maker.make(100)};
  for (const bool bank : {false, true}) lookup.load(Compiler(policies[bank], kOutbound, kHashSeed).rows(), bank);
  for (int i = 0; i < 4000; ++i) {
    Key key = maker.key();
    key.bank = random() % 2 != 0;
    lookup.ask(key, policies[key.bank]);
    lookup.tick();
    lookup.tick();
  }
  lookup.drain();
  EXPECT_EQ(lookup.answers, 4000U);
}

TEST(Lookup, KnowsNobodyNoRuleAndNoRouteAfterReset) {
  std::mt19937 random(9);
  Lookup lookup;
  PolicyMaker maker(random);
  const Policy none{{}, {{{}, static_cast<unsigned>(layout::Route::kNone), 0}}, {}};
  for (const bool bank : {false, true}) ask_many(lookup, maker, random, none, bank, {}, 500);
  EXPECT_EQ(lookup.answers, 1000U);
}

// Every rule matches by what is loaded, so only the zeros in what is not keep it from matching.
TEST(Lookup, HasNoRuleInABitmapThatWasNotWrittenSinceReset) {
  constexpr unsigned kSeed = 10;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Rule any;
  for (int f = 0; f < kRangeFields; ++f) any.range[f] = {Address(), largest(f)};
  const Policy all{std::vector<Rule>(layout::kSpdRules, any), {{{}, 0, 0}}, {}};
  const Policy none{{}, all.routes, {}};
  const std::vector<TableRow> rows = Compiler(all, kOutbound, kHashSeed).rows();
  const auto first = static_cast<unsigned>(kOutbound ? layout::TableId::kSpdOut : layout::TableId::kSpdIn);
  PolicyMaker maker(random);
  using Table = layout::SpdTable;
  for (const Table field : {Table::kSource, Table::kDestination, Table::kSourcePort, Table::kDestinationPort,
                            Table::kPrincipal, Table::kProtocol}) {
    const unsigned bitmaps = first + static_cast<unsigned>(field);
    SCOPED_TRACE(layout::kTables[bitmaps].name);
    std::vector<TableRow> others = rows;
    std::erase_if(others, [bitmaps](const TableRow& row) { return row.table_id == bitmaps; });
    Lookup lookup;
    const bool bank = random() % 2 != 0;
    lookup.load(others, bank);
    ask_many(lookup, maker, random, none, bank, {}, 50);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Lookup, PrefersTheFirstBucketAndTheLowestEntry) {
  Lookup lookup;
  constexpr Address kAddress{0x20010db8'00000000, 0xc0000201};
  const layout::BucketPair buckets = layout::principal_buckets(kAddress, kHashSeed);
  const auto id = static_cast<unsigned>(layout::TableId::kPrincipal);
  Policy policy{{}, {{{}, 0, 0}}, {}};
  const auto expect = [&](std::uint16_t principal) {
    policy.senders[kAddress] = principal;
    lookup.ask(Key{false, kAddress, {}, 0, 0, 0, {}}, policy);
    lookup.drain();
  };
  layout::Row second;
  Compiler::add_entry(second, 2, kAddress, 7);
  lookup.load({{id, buckets.second, second}}, false);
  expect(7);
  layout::Row first;
  Compiler::add_entry(first, 2, kAddress, 8);
  Compiler::add_entry(first, 0, kAddress.next(), 5);
  lookup.load({{id, buckets.first, first}}, false);
  expect(8);
  Compiler::add_entry(first, 1, kAddress, 9);
  lookup.load({{id, buckets.first, first}}, false);
  expect(9);
}

}  // namespace
}  // namespace sallyport::hw
