// SPDX-License-Identifier: Apache-2.0
#include "driver/tables/table_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"

namespace sallyport::driver {
namespace {

using testing::FlakyCard;

constexpr MacAddress kLanMac = {2, 0, 0, 0, 0, 1};
constexpr MacAddress kNeighbour = {2, 0, 0, 0, 0, 9};
constexpr unsigned kDestinations = 6;
constexpr std::uint32_t kFirstDestination = 0x0a000001;

// What the neighbour of each destination is called; 0: there is no such next hop.
using Choice = std::array<std::uint8_t, kDestinations>;

// Everything is let through; destination i goes to the neighbour of choice i.
TableImage image_of(const Choice& choice) {
  TableImage image;
  SpdRule all;
  all.action = layout::Action::kBypass;
  EXPECT_TRUE(compile_spd(Direction::kOutbound, {all}, image));
  std::vector<RouteEntry> routes;
  for (unsigned i = 0; i < kDestinations; ++i) {
    const auto hop = static_cast<std::uint8_t>(10 + i);
    routes.push_back({layout::Address::from_v4(kFirstDestination + i), kIpv4Prefix + 32, layout::Route::kSend, hop});
    if (choice[i] != 0) set_next_hop(image, hop, {layout::Port::kWan, {2, 0, 0, 0, 1, choice[i]}, 1500});
  }
  EXPECT_TRUE(compile_routes(routes, image));
  return image;
}

class TableSessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto control = CardControl::open(card_);
    ASSERT_TRUE(control);
    ASSERT_TRUE(control->set_mac(layout::Port::kLan, kLanMac));
    ASSERT_TRUE(control->enable(true));
  }

  // The choice that the card shows: one packet to each destination.
  Choice shown() {
    Choice choice{};
    for (unsigned i = 0; i < kDestinations; ++i) {
      sent_.clear();
      card_.receive(layout::Port::kLan,
                    testing::ethernet_frame(kLanMac, kNeighbour, kEthertypeIpv4,
                                            testing::udp_packet(0x0a010001, kFirstDestination + i)));
      if (!sent_.empty()) choice[i] = sent_[5];
    }
    return choice;
  }

  Buffer sent_;
  SoftwareCard card_{[this](layout::Port, Bytes frame) { sent_.assign(frame.begin(), frame.end()); }};
  FlakyCard flaky_{card_};
};

TEST_F(TableSessionTest, WritesOnlyTheRowsThatDiffer) {
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  ASSERT_TRUE(session->commit(image_of({1, 1, 1, 1, 1, 1})));
  EXPECT_EQ(shown(), (Choice{1, 1, 1, 1, 1, 1}));
  ASSERT_TRUE(session->commit(image_of({1, 2, 1, 1, 1, 1})));  // the other bank was still empty
  const CommitReport report = session->commit(image_of({1, 2, 3, 1, 1, 1})).value();
  EXPECT_EQ(report.rows, 2u);  // against the bank of all ones
  EXPECT_EQ(report.generation, 3u);
  EXPECT_EQ(shown(), (Choice{1, 2, 3, 1, 1, 1}));
}

TEST_F(TableSessionTest, ShowsTheCardEachOfManyRandomImages) {
  const unsigned seed = 5;
  std::mt19937 rng(seed);
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  Choice choice{};
  for (int round = 0; round < 60; ++round) {
    choice[rng() % kDestinations] = static_cast<std::uint8_t>(rng() % 4);
    ASSERT_TRUE(session->commit(image_of(choice)));
    ASSERT_EQ(shown(), choice) << "seed " << seed << ", round " << round;
    ASSERT_EQ(session->current(), image_of(choice));
  }
}

// A packet between any two steps of a commit sees the old tables whole or the new ones whole.
// Some readings of in_flight long packets of a bank are still inside.
class LingeringCard : public FlakyCard {
 public:
  using FlakyCard::FlakyCard;
  unsigned bank = 0;
  unsigned readings = 0;
  bool disturbed = false;  // something was loaded or opened meanwhile

  Result<std::uint32_t> read(const layout::Register& reg) override {
    if (reg.offset != layout::reg::kInFlight.at(bank).offset || readings == 0) return FlakyCard::read(reg);
    --readings;
    return 1;
  }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    const bool disturbs = reg.offset == layout::reg::kLoadLength.offset || reg.offset == layout::reg::kFlip.offset;
    disturbed = disturbed || (disturbs && readings > 0);
    return FlakyCard::write(reg, value);
  }
};

TEST_F(TableSessionTest, WaitsForThePacketsThatStillReadTheBank) {
  LingeringCard card(card_);
  auto session = TableSession::fresh(card);
  ASSERT_TRUE(session);
  for (const unsigned closed : {1U, 0U, 1U}) {
    card.bank = closed;
    card.readings = 3;
    ASSERT_TRUE(session->commit(image_of({1, 2, 3, 4, 5, static_cast<std::uint8_t>(6 + closed)})));
    EXPECT_EQ(card.readings, 0U);
  }
  EXPECT_FALSE(card.disturbed);
}

TEST_F(TableSessionTest, ShowsNothingOfAChangeBeforeTheFlip) {
  const Choice before{1, 2, 3, 1, 2, 3};
  const Choice after{3, 1, 2, 3, 1, 2};
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  ASSERT_TRUE(session->commit(image_of(before)));
  unsigned olds = 0;
  unsigned news = 0;
  flaky_.watch([&] {
    const Choice now = shown();
    if (now == before && news == 0) {
      ++olds;
    } else if (now == after) {
      ++news;
    } else {
      ADD_FAILURE() << "a mixture, after " << olds << " accesses";
    }
  });
  ASSERT_TRUE(session->commit(image_of(after)));
  EXPECT_GT(olds, 5u);
  EXPECT_EQ(news, 1u);  // reading the generation after the flip
}

TEST_F(TableSessionTest, LeavesTheCardWholeWhereverItFailsAndGoesOnAfterwards) {
  for (const auto loss : {FlakyCard::Loss::kRequest, FlakyCard::Loss::kAnswer}) {
    auto session = TableSession::take_over(flaky_);
    ASSERT_TRUE(session);
    Choice old{1, 1, 1, 1, 1, 1};
    ASSERT_TRUE(session->commit(image_of(old)));
    unsigned failures = 0;
    for (;; ++failures) {
      Choice next = old;
      next[failures % kDestinations] ^= 2;
      next[(failures + 1) % kDestinations] ^= 4;
      flaky_.fail_from(failures, loss);
      const bool committed = session->commit(image_of(next)).has_value();
      const bool failed = flaky_.failed();
      flaky_.heal();
      const Choice now = shown();
      ASSERT_TRUE(now == next || (now == old && !committed)) << "failing at access " << failures;
      if (!failed) break;
      old[5] ^= 8;
      ASSERT_TRUE(session->commit(image_of(old))) << "after failing at access " << failures;
      ASSERT_EQ(shown(), old) << "after failing at access " << failures;
    }
    EXPECT_GT(failures, 8u);
  }
}

TEST_F(TableSessionTest, NamesTheErrorOfTheCard) {
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  flaky_.swallow(layout::reg::kLoadAddress.at(1));  // half of the address stays zero
  auto report = session->commit(image_of({1, 1, 1, 1, 1, 1}));
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().detail.find("host memory"), std::string::npos) << report.error().detail;
  flaky_.swallow(layout::reg::kFlip);
  report = session->commit(image_of({1, 1, 1, 1, 1, 1}));
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().detail.find("flip"), std::string::npos) << report.error().detail;
  EXPECT_EQ(shown(), Choice{});
}

TEST_F(TableSessionTest, LeavesNothingOfRowsThatMayBeKeysInHostMemory) {
  constexpr std::uint8_t kMark = 0x5e;
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  ASSERT_EQ(flaky_.memory().size(), 1U);
  layout::Row key;
  std::ranges::fill(key.bytes(), kMark);
  ASSERT_TRUE(session->loader().write_rows({{layout::TableId::kSaInKey, 7, key}}));
  EXPECT_EQ(std::ranges::count(flaky_.memory().front(), kMark), 0);
  flaky_.refuse(layout::reg::kLoadLength);
  ASSERT_FALSE(session->loader().write_rows({{layout::TableId::kSaInKey, 7, key}}));
  EXPECT_EQ(std::ranges::count(flaky_.memory().front(), kMark), 0) << "of what the card did not take";
}

TEST_F(TableSessionTest, AdoptsARunningCardFromTheStoredImage) {
  Buffer stored;
  {
    auto session = TableSession::fresh(flaky_);
    ASSERT_TRUE(session);
    ASSERT_TRUE(session->commit(image_of({1, 2, 3, 4, 5, 6})));
    ASSERT_TRUE(session->commit(image_of({6, 5, 4, 3, 2, 1})));
    stored = session->current().serialise();
  }
  EXPECT_FALSE(TableSession::fresh(flaky_));
  auto session = TableSession::adopt(flaky_, TableImage::parse(stored).value());
  ASSERT_TRUE(session);
  EXPECT_EQ(shown(), (Choice{6, 5, 4, 3, 2, 1}));  // nothing was touched
  ASSERT_TRUE(session->commit(image_of({6, 5, 4, 3, 2, 7})));
  EXPECT_EQ(shown(), (Choice{6, 5, 4, 3, 2, 7}));
  // The first bank's content was as stored, so now only what differs is written.
  EXPECT_EQ(session->commit(image_of({6, 5, 4, 3, 2, 8}))->rows, 1u);
  EXPECT_EQ(shown(), (Choice{6, 5, 4, 3, 2, 8}));
}

TEST_F(TableSessionTest, TakesOverACardWhoseTablesNobodyRemembers) {
  {
    auto session = TableSession::fresh(flaky_);
    ASSERT_TRUE(session);
    ASSERT_TRUE(session->commit(image_of({1, 2, 3, 4, 5, 6})));
  }
  auto session = TableSession::take_over(flaky_);
  ASSERT_TRUE(session);
  for (const Choice& choice : {Choice{1, 0, 0, 0, 0, 0}, Choice{0, 2, 0, 0, 0, 0}, Choice{0, 0, 3, 0, 0, 0}}) {
    ASSERT_TRUE(session->commit(image_of(choice)));
    EXPECT_EQ(shown(), choice);
  }
}

TEST_F(TableSessionTest, NoticesThatSomebodyElseDrivesTheCard) {
  auto session = TableSession::fresh(flaky_);
  ASSERT_TRUE(session);
  ASSERT_TRUE(session->commit(image_of({1, 1, 1, 1, 1, 1})));
  ASSERT_TRUE(card_.write(layout::reg::kFlip, 2));
  auto report = session->commit(image_of({2, 1, 1, 1, 1, 1}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace sallyport::driver
