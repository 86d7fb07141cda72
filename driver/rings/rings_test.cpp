// SPDX-License-Identifier: Apache-2.0
#include "driver/rings/rings.hpp"

#include <gtest/gtest.h>

#include "driver/control/card_control.hpp"
#include "driver/software/software_card.hpp"
#include "driver/testing/flaky_card.hpp"
#include "driver/testing/frames.hpp"

namespace sallyport::driver {
namespace {

using layout::Inject;
using layout::Port;
using layout::Upcall;

constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kNeighbour = {2, 0, 0, 0, 0, 9};

Buffer arp(std::uint8_t mark) { return testing::ethernet_frame(kBroadcast, kNeighbour, kEthertypeArp, Buffer{mark}); }

class RingsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CardControl::open(card_)->enable(true)); }
  std::uint64_t drops(layout::Drop reason) { return CardControl::open(card_)->counters()->of(reason); }

  struct Sent {
    Port port;
    Buffer frame;
  };
  std::vector<Sent> sent_;
  SoftwareCard card_{[this](Port port, Bytes frame) { sent_.push_back({port, Buffer(frame.begin(), frame.end())}); }};
};

TEST_F(RingsTest, GiveEveryMessageOnceAndInOrderHoweverOftenTheyWrap) {
  auto ring = RxRing::start(card_, 8);
  ASSERT_TRUE(ring);
  std::uint8_t in = 0;
  std::uint8_t out = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 1 + round % 8; ++i) card_.receive(Port::kWan, arp(in++));
    while (auto message = ring->poll().value()) {
      EXPECT_EQ(message->reason, Upcall::kArp);
      EXPECT_EQ(message->port, Port::kWan);
      EXPECT_EQ(message->frame, arp(out++));
    }
  }
  EXPECT_EQ(in, out);
  EXPECT_EQ(drops(layout::Drop::kHostRingFull), 0u);
}

TEST_F(RingsTest, LoseWhatDoesNotFitAndGoOn) {
  auto ring = RxRing::start(card_, 4);
  ASSERT_TRUE(ring);
  for (std::uint8_t i = 0; i < 7; ++i) card_.receive(Port::kLan, arp(i));
  for (std::uint8_t i = 0; i < 4; ++i) EXPECT_EQ(ring->poll().value()->frame, arp(i));
  EXPECT_FALSE(ring->poll().value());
  EXPECT_EQ(drops(layout::Drop::kHostRingFull), 3u);
  card_.receive(Port::kLan, arp(7));
  EXPECT_EQ(ring->poll().value()->frame, arp(7));
}

TEST_F(RingsTest, StopWhenTheirOwnerEnds) {
  { auto ring = RxRing::start(card_, 4); }
  card_.receive(Port::kLan, arp(0));
  EXPECT_EQ(drops(layout::Drop::kHostRingFull), 1u);
  auto again = RxRing::start(card_, 4);
  ASSERT_TRUE(again);
  card_.receive(Port::kLan, arp(1));
  EXPECT_EQ(again->poll().value()->frame, arp(1));
}

TEST_F(RingsTest, RefuseADescriptorThatCannotBe) {
  testing::FlakyCard watched(card_);
  auto ring = RxRing::start(watched, 4);
  ASSERT_TRUE(ring);
  card_.receive(Port::kLan, arp(0));
  watched.memory().back()[6] = 0xee;  // upcall
  auto message = ring->poll();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, Errc::kCorrupt);
}

TEST_F(RingsTest, SendFramesToTheirPort) {
  auto ring = TxRing::start(card_, 4);
  ASSERT_TRUE(ring);
  for (std::uint8_t i = 0; i < 11; ++i) {
    ASSERT_TRUE(ring->send(i % 2 == 0 ? Inject::kLanTx : Inject::kWanTx, arp(i)));
    ASSERT_EQ(sent_.size(), i + 1u);
    EXPECT_EQ(sent_.back().port, i % 2 == 0 ? Port::kLan : Port::kWan);
    EXPECT_EQ(sent_.back().frame, arp(i));
  }
  EXPECT_EQ(ring->send(Inject::kLanTx, Buffer(13)).error().code, Errc::kInvalid);
  EXPECT_EQ(ring->send(Inject::kLanTx, Buffer(layout::kMaxFrame + 1)).error().code, Errc::kInvalid);
  EXPECT_TRUE(ring->send(Inject::kLanTx, Buffer(layout::kMaxFrame)));
}

TEST_F(RingsTest, SayWhoSentAFrameThatIsGivenBack) {
  testing::FlakyCard watched(card_);
  auto ring = TxRing::start(watched, 4);
  ASSERT_TRUE(ring);
  const auto descriptor = [&](unsigned slot) {
    layout::Row row;
    std::copy_n(watched.memory().back().begin() + slot * layout::kSlotBytes, layout::kRowBytes, row.bytes().begin());
    return row;
  };
  namespace d = layout::tx_descriptor;
  ASSERT_TRUE(ring->send(Inject::kLanRx, arp(0), 0xabcd));
  EXPECT_EQ(descriptor(0).get(d::kKnown), 1u);
  EXPECT_EQ(descriptor(0).get(d::kPrincipal), 0xabcdu);
  ASSERT_TRUE(ring->send(Inject::kLanRx, arp(0), 0));
  EXPECT_EQ(descriptor(1).get(d::kKnown), 1u);
  ASSERT_TRUE(ring->send(Inject::kLanRx, arp(0)));
  EXPECT_EQ(descriptor(2).get(d::kKnown), 0u);
}

TEST_F(RingsTest, SayBusyWhenTheCardTakesNothing) {
  testing::FlakyCard stuck(card_);
  auto ring = TxRing::start(stuck, 4);
  ASSERT_TRUE(ring);
  stuck.swallow(layout::reg::kTxProducer);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring->send(Inject::kLanTx, arp(0)));
  EXPECT_EQ(ring->send(Inject::kLanTx, arp(0)).error().code, Errc::kBusy);
}

TEST_F(RingsTest, RefuseASizeThatTheCardDoesNotHave) {
  for (const unsigned slots : {0u, 3u, 8192u}) {
    EXPECT_FALSE(RxRing::start(card_, slots)) << slots;
    EXPECT_FALSE(TxRing::start(card_, slots)) << slots;
  }
}

}  // namespace
}  // namespace sallyport::driver
