// SPDX-License-Identifier: Apache-2.0
// The compiled tables, searched as the card searches them, against reading the rules from the top.
#include "driver/tables/spd_compiler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "driver/tables/card_search.hpp"

namespace sallyport::driver {
namespace {

using layout::Address;
using layout::SpdTable;

struct Packet {
  Address source{};
  Address destination{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t principal = 0;
  std::uint8_t protocol = 0;
};

template <class T, class V>
bool in(const std::vector<Range<T>>& ranges, V value) {
  if (ranges.empty()) return true;
  for (const auto& r : ranges) {
    if (r.first <= value && value <= r.last) return true;
  }
  return false;
}

// RFC 4301 4.4.1: the SPD is ordered, so the first matching row decides.
int first_by_reading(const std::vector<SpdRule>& rules, const Packet& p) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const SpdRule& r = rules[i];
    if (in(r.source, p.source) && in(r.destination, p.destination) && in(r.source_port, p.source_port) &&
        in(r.destination_port, p.destination_port) && in(r.principal, p.principal) &&
        (!r.protocol || *r.protocol == p.protocol)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

int first_by_tables(Direction direction, const TableImage& image, const Packet& p) {
  const unsigned base =
      static_cast<unsigned>(direction == Direction::kOutbound ? layout::TableId::kSpdOut : layout::TableId::kSpdIn);
  struct Found {
    unsigned table;  // of bitmaps
    unsigned interval;
    unsigned intervals;
  };
  const auto find = [&](SpdTable tree, const Key& key) {
    const unsigned table = base + static_cast<unsigned>(tree);
    return Found{table + 1, search_tree(image, table, key), image.rows(table)};
  };
  const Found found[] = {find(SpdTable::kSourceStart, p.source),
                         find(SpdTable::kDestinationStart, p.destination),
                         find(SpdTable::kSourcePortStart, {0, p.source_port}),
                         find(SpdTable::kDestinationPortStart, {0, p.destination_port}),
                         find(SpdTable::kPrincipalStart, {0, p.principal}),
                         {base + static_cast<unsigned>(SpdTable::kProtocol), p.protocol, layout::kProtocols}};
  for (unsigned i = 0; i < layout::kSpdRules; ++i) {
    const bool all = std::all_of(std::begin(found), std::end(found), [&](const Found& f) {
      return image.row(f.table, layout::rule_bitmap::row_of(i, f.interval, f.intervals))
          .bit(layout::rule_bitmap::bit_of(i));
    });
    if (all) return static_cast<int>(i);
  }
  return -1;
}

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : rng_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(rng_() % n); }

  // Few distinct values, so that ranges meet, nest and touch, and the ends of the number line occur.
  Address address() {
    static constexpr Address kSome[] = {{},
                                        {0, 1},
                                        Address::from_v4(0),
                                        Address::from_v4(0x0a0000ff),
                                        Address::from_v4(0x0a000100),
                                        Address::from_v4(0xffffffff),
                                        {0, ~std::uint64_t{0}},
                                        {1, 0},
                                        {0x20010db8'00000000, 1},
                                        {~std::uint64_t{0}, ~std::uint64_t{1}},
                                        layout::kLastAddress};
    return below(4) == 0 ? Address(rng_(), rng_()) : kSome[below(std::size(kSome))];
  }
  std::uint16_t number() {
    static constexpr std::uint16_t kSome[] = {0, 1, 80, 443, 444, 1023, 1024, 65535};
    return below(4) == 0 ? static_cast<std::uint16_t>(rng_()) : kSome[below(8)];
  }
  template <class T, class Draw>
  std::vector<Range<T>> ranges(Draw draw) {
    std::vector<Range<T>> out(below(3));
    for (auto& r : out) {
      const T a = draw();
      const T b = draw();
      r = {std::min(a, b), std::max(a, b)};
    }
    return out;
  }
  SpdRule rule() {
    SpdRule r;
    r.source = ranges<Address>([this] { return address(); });
    r.destination = ranges<Address>([this] { return address(); });
    r.source_port = ranges<std::uint16_t>([this] { return number(); });
    r.destination_port = ranges<std::uint16_t>([this] { return number(); });
    r.principal = ranges<std::uint16_t>([this] { return number(); });
    if (below(2) == 0) r.protocol = below(2) == 0 ? 6 : 17;
    r.action = static_cast<layout::Action>(below(4));
    r.policy_id = number();
    r.sa_index = static_cast<std::uint16_t>(below(layout::kSaRows));
    return r;
  }
  Packet packet() {
    return Packet{address(), address(), number(),
                  number(),  number(),  static_cast<std::uint8_t>(below(2) == 0 ? 6 : below(256))};
  }

 private:
  std::mt19937_64 rng_;
};

TEST(SpdCompiler, MakesTablesThatFindTheRuleThatReadingFinds) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    RandomRules random(seed);
    std::vector<SpdRule> rules(random.below(40) + (seed % 4 == 0 ? 30 : 0));
    for (auto& r : rules) r = random.rule();
    const Direction direction = seed % 2 == 0 ? Direction::kOutbound : Direction::kInbound;
    TableImage image;
    auto compiled = compile_spd(direction, rules, image);
    ASSERT_TRUE(compiled) << compiled.error().message();
    for (int i = 0; i < 2000; ++i) {
      const Packet p = random.packet();
      ASSERT_EQ(first_by_tables(direction, image, p), first_by_reading(rules, p)) << "packet " << i;
    }
  }
}

// More distinct addresses than rules fit nowhere, fewer fit always: up to the last, each rule may name one of its own.
TEST(SpdCompiler, GivesEveryRuleAnAddressOfItsOwn) {
  const auto address = [](unsigned i) {
    return i < layout::kSpdRules / 2 ? Address::from_v4(0x0a020001 + i) : Address(0x20010db8'00000000, i);
  };
  std::vector<SpdRule> rules(layout::kSpdRules);
  for (unsigned i = 0; i < rules.size(); ++i) rules[i].destination = {{address(i), address(i)}};
  TableImage image;
  auto compiled = compile_spd(Direction::kOutbound, rules, image);
  ASSERT_TRUE(compiled) << compiled.error().message();
  for (unsigned i = 0; i < rules.size(); ++i) {
    ASSERT_EQ(first_by_tables(Direction::kOutbound, image, {.destination = address(i)}), static_cast<int>(i));
  }
  EXPECT_EQ(first_by_tables(Direction::kOutbound, image, {.destination = address(layout::kSpdRules)}), -1);
}

// So that as many users have an SA of their own.
TEST(SpdCompiler, GivesEveryRuleAPrincipalOfItsOwn) {
  const auto principal = [](unsigned i) {
    return static_cast<std::uint16_t>(i + i / 64 + 1);
  };  // each 65th is nobody's
  std::vector<SpdRule> rules(layout::kSpdRules);
  for (unsigned i = 0; i < rules.size(); ++i) rules[i].principal = {{principal(i), principal(i)}};
  TableImage image;
  auto compiled = compile_spd(Direction::kOutbound, rules, image);
  ASSERT_TRUE(compiled) << compiled.error().message();
  for (unsigned i = 0; i < rules.size(); ++i) {
    ASSERT_EQ(first_by_tables(Direction::kOutbound, image, {.principal = principal(i)}), static_cast<int>(i));
  }
  for (const unsigned nobody : {0U, 65U, principal(layout::kSpdRules - 1) + 1U, 65535U}) {
    EXPECT_EQ(first_by_tables(Direction::kOutbound, image, {.principal = static_cast<std::uint16_t>(nobody)}), -1);
  }
}

// What is not in use is not written.
TEST(SpdCompiler, ChangesFewRowsForOneUserMore) {
  const auto rules_for = [](std::uint16_t users) {
    std::vector<SpdRule> rules(users);
    for (std::uint16_t i = 0; i < users; ++i) rules[i].principal = {{i, i}};
    return rules;
  };
  TableImage before;
  TableImage after;
  ASSERT_TRUE(compile_spd(Direction::kOutbound, rules_for(400), before));
  ASSERT_TRUE(compile_spd(Direction::kOutbound, rules_for(401), after));
  std::vector<unsigned> rows(layout::kTableCount);
  for (const TableChange& change : difference(before, after)) rows[change.table] += change.count;
  const auto changed = [&](SpdTable table) {
    return rows[static_cast<unsigned>(layout::TableId::kSpdOut) + static_cast<unsigned>(table)];
  };
  EXPECT_EQ(changed(SpdTable::kPrincipalStart), 1U);
  EXPECT_EQ(changed(SpdTable::kPrincipal), 1U);
  EXPECT_EQ(changed(SpdTable::kSource), 2U) << "all addresses, and the largest, which is found behind all intervals";
  EXPECT_EQ(changed(SpdTable::kSourcePort), 2U);
  EXPECT_EQ(changed(SpdTable::kProtocol), layout::kProtocols);
}

TEST(SpdCompiler, WritesWhatEachRuleSays) {
  SpdRule rule;
  rule.action = layout::Action::kProtect;
  rule.policy_id = 77;
  rule.sa_index = 1234;
  TableImage image;
  ASSERT_TRUE(compile_spd(Direction::kOutbound, {rule}, image));
  const auto written = [&] {
    return image.row(static_cast<unsigned>(layout::TableId::kSpdOut) + static_cast<unsigned>(SpdTable::kRule), 0);
  };
  layout::Row row = written();
  EXPECT_EQ(row.get(layout::spd_rule::kAction), static_cast<std::uint64_t>(layout::Action::kProtect));
  EXPECT_EQ(row.get(layout::spd_rule::kPolicyId), 77u);
  EXPECT_EQ(row.get(layout::spd_rule::kSaIndex), 1234u);
  EXPECT_EQ(row.get(layout::spd_rule::kSynToHost), 0u);
  rule.syn_to_host = true;
  ASSERT_TRUE(compile_spd(Direction::kOutbound, {rule}, image));
  row = written();
  EXPECT_EQ(row.get(layout::spd_rule::kSynToHost), 1u);
}

TEST(SpdCompiler, WithoutRulesMatchesNothing) {
  TableImage image;
  ASSERT_TRUE(compile_spd(Direction::kInbound, {SpdRule{}}, image));
  EXPECT_EQ(first_by_tables(Direction::kInbound, image, Packet{}), 0);
  ASSERT_TRUE(compile_spd(Direction::kInbound, {}, image));
  EXPECT_EQ(first_by_tables(Direction::kInbound, image, Packet{}), -1);
}

TEST(SpdCompiler, RefusesWhatDoesNotFitAndLeavesTheImageAsItWas) {
  TableImage image;
  ASSERT_TRUE(compile_spd(Direction::kOutbound, {SpdRule{}}, image));
  const TableImage before = image;

  auto many = compile_spd(Direction::kOutbound, std::vector<SpdRule>(layout::kSpdRules + 1), image);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, Errc::kFull);
  EXPECT_EQ(many.error().detail, "1025 rules in one direction, and the card has room for 1024");

  std::vector<SpdRule> scattered(layout::kPortIntervals);
  for (std::size_t i = 0; i < scattered.size(); ++i) {
    const auto port = static_cast<std::uint16_t>(2 * i + 1);
    scattered[i].source_port = {{port, port}};
  }
  auto narrow = compile_spd(Direction::kOutbound, scattered, image);
  ASSERT_FALSE(narrow);
  EXPECT_EQ(narrow.error().code, Errc::kFull);
  EXPECT_NE(narrow.error().detail.find("source ports"), std::string::npos);

  std::vector<SpdRule> apart(layout::kSpdRules);
  for (std::size_t i = 0; i < apart.size(); ++i) {
    const auto principal = static_cast<std::uint16_t>(2 * i + 1);
    apart[i].principal = {{principal, principal}};
  }
  auto users = compile_spd(Direction::kOutbound, apart, image);
  ASSERT_FALSE(users);
  EXPECT_EQ(users.error().code, Errc::kFull);
  EXPECT_EQ(
      users.error().detail,
      "principals: 2049 intervals, and the card has 2048; use fewer or adjacent ranges, that is, policies of fewer "
      "users and groups");

  SpdRule backwards;
  backwards.destination = {{Address(0, 5), Address(0, 4)}};
  auto invalid = compile_spd(Direction::kOutbound, {SpdRule{}, backwards}, image);
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().code, Errc::kInvalid);
  EXPECT_NE(invalid.error().detail.find("rule 1"), std::string::npos);

  EXPECT_TRUE(image == before);
}

}  // namespace
}  // namespace sallyport::driver
