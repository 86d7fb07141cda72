// SPDX-License-Identifier: Apache-2.0
// How many clocks a packet takes when frames arrive as fast as a port can give them, and what a flip costs under load.
#include <gtest/gtest.h>

#include "driver/ip/ip.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/testing/frames.hpp"
#include "tests/card/driven_card.hpp"
#include "tests/card/verilated_card.hpp"

namespace sallyport::tests {
namespace {

using layout::Port;

constexpr Address kInside = Address::from_v4(0x0a000105), kOutside = Address::from_v4(0x0a000205);
constexpr Address kSlowOutside = Address::from_v4(0x0a000305), kGateway = Address::from_v4(0xc0000201);
constexpr std::uint16_t kPolicyId = 7;
constexpr unsigned kRow = 3;
constexpr std::uint32_t kSpi = 0x10000000 | kRow;
constexpr unsigned kSlowRow = 4;  // of an outbound SA whose cipher is slower than the wire

// An SA that leads back to us, so that what one direction seals the other can open.
RandomSa sa(bool outbound) {
  namespace out = layout::sa_out;
  namespace in = layout::sa_in;
  RandomSa sa;
  sa.row = kRow;
  for (unsigned i = 0; i < 32; ++i) sa.key.bytes()[i] = static_cast<std::uint8_t>(i);
  sa.key.set(layout::sa_key::kKeySize, static_cast<unsigned>(layout::KeySize::kAes256));
  sa.sa.set(outbound ? out::kValid : in::kValid, 1);
  sa.sa.set(outbound ? out::kPolicyId : in::kPolicyId, kPolicyId);
  sa.sa.set(outbound ? out::kSpi : in::kSpi, kSpi);
  sa.sa.set(outbound ? out::kDestination : in::kDestination, kGateway);
  if (outbound) {
    sa.sa.set(out::kSource, kGateway);
    sa.sa.set(out::kNextHop, 2);
    sa.sa.set(out::kTtl, 64);
  }
  return sa;
}

RandomSa slow_sa() {
  namespace out = layout::sa_out;
  RandomSa slow = sa(true);
  slow.row = kSlowRow;
  slow.sa.set(out::kSpi, kSpi + 1);
  slow.sa.set(out::kCipher, static_cast<unsigned>(layout::Cipher::kAesCbc));
  slow.sa.set(out::kIntegrity, static_cast<unsigned>(layout::Integrity::kHmacSha256_128));
  slow.key.set(layout::sa_key::kIntegrity, static_cast<unsigned>(layout::Integrity::kHmacSha256_128));
  return slow;
}

// `mark` is the last byte of the neighbours' MAC addresses. `homeward`: what comes out of the SA belongs to the LAN.
driver::TableImage tables(layout::Action action, std::uint8_t mark, bool homeward = false) {
  driver::TableImage image;
  driver::SpdRule rule;
  rule.action = action;
  rule.policy_id = kPolicyId;
  rule.sa_index = kRow;
  driver::SpdRule slow = rule;
  slow.destination = {{kSlowOutside, kSlowOutside}};
  slow.sa_index = kSlowRow;
  EXPECT_TRUE(driver::compile_spd(driver::Direction::kOutbound, {slow, rule}, image));
  EXPECT_TRUE(driver::compile_spd(driver::Direction::kInbound, {rule}, image));
  driver::set_next_hop(image, 1, {Port::kLan, {2, 0, 0, 0, 1, mark}, 9000});
  driver::set_next_hop(image, 2, {Port::kWan, {2, 0, 0, 0, 2, mark}, 9000});
  const std::uint8_t there = homeward ? 1 : 2;
  EXPECT_TRUE(driver::compile_routes({{kOutside, layout::kAddressBits, layout::Route::kSend, there},
                                      {kSlowOutside, layout::kAddressBits, layout::Route::kSend, there},
                                      {kGateway, layout::kAddressBits, layout::Route::kLocal, 0}},
                                     image));
  return image;
}

Buffer lan_frame(std::size_t length, std::uint32_t number, const Address& destination = kOutside) {
  driver::IpHeader header;
  header.ttl = 64;
  header.source = kInside;
  header.destination = destination;
  const Buffer payload = ByteWriter().u32(number).zeros(length - 38).take();
  return driver::testing::ethernet_frame(kLanMac, {}, driver::kEthertypeIpv4,
                                         driver::write_ip(header, driver::kProtocolUdp, payload));
}

class Pace : public testing::Test {
 protected:
  void SetUp() override { driven_.install({sa(true), slow_sa()}, {sa(false)}); }

  // Clocks between the first and the last of frames that are all waiting at `in`, for each of them; what came out.
  double clocks_per_frame(Port in, const std::vector<Buffer>& frames, std::vector<TransmittedFrame>& out) {
    EXPECT_TRUE(card_.settle());
    (void)card_.transmitted();
    for (const Buffer& frame : frames) card_.receive(in, frame);
    out.clear();
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    for (std::uint64_t limit = card_.clocks() + 1'000'000; out.size() < frames.size() && card_.clocks() < limit;) {
      card_.run(1);
      for (auto& t : card_.transmitted()) {
        if (out.empty()) first = card_.clocks();
        last = card_.clocks();
        out.push_back(std::move(t));
      }
    }
    EXPECT_EQ(out.size(), frames.size());
    return static_cast<double>(last - first) / static_cast<double>(frames.size() - 1);
  }

  VerilatedCard card_{1};
  DrivenCard driven_{card_};
};

TEST_F(Pace, OfProtectingAndOpeningPacketsOfEverySize) {
  struct Case {
    std::size_t length;    // of the frame on LAN
    double protect, open;  // clocks allowed
  };
  // A beat a clock, two clocks a packet, and a clock where the end of a cut waits in its register.
  for (const Case& c :
       {Case{60, 2.05, 2.05}, {128, 3.05, 4.05}, {590, 11.05, 11.05}, {1514, 25.05, 25.05}, {8900, 141.05, 141.05}}) {
    SCOPED_TRACE(c.length);
    ASSERT_TRUE(driven_.session.commit(tables(layout::Action::kProtect, 1)));
    std::vector<Buffer> frames;
    const std::size_t count = std::min<std::size_t>(900, 60000 / ((c.length + 63) / 64 * 64));  // what a buffer holds
    for (std::size_t i = 0; i < count; ++i) frames.push_back(lan_frame(c.length, static_cast<std::uint32_t>(i)));
    std::vector<TransmittedFrame> sealed, opened;
    const double protect = clocks_per_frame(Port::kLan, frames, sealed);

    ASSERT_TRUE(driven_.session.commit(tables(layout::Action::kProtect, 1, true)));
    std::vector<Buffer> returned;
    for (auto& t : sealed) {
      Buffer frame = t.frame;
      std::copy(kWanMac.begin(), kWanMac.end(), frame.begin());
      returned.push_back(std::move(frame));
    }
    const std::size_t fits = std::min<std::size_t>(returned.size(), 60000 / ((returned[0].size() + 63) / 64 * 64));
    returned.resize(fits);
    const double open = clocks_per_frame(Port::kWan, returned, opened);
    RecordProperty("protect_" + std::to_string(c.length), std::to_string(protect));
    RecordProperty("open_" + std::to_string(c.length), std::to_string(open));
    std::printf("frame of %zu bytes: %.2f clocks to protect, %.2f to open\n", c.length, protect, open);
    EXPECT_LE(protect, c.protect);
    EXPECT_LE(open, c.open);
    for (std::size_t i = 0; i < opened.size(); ++i) {
      ASSERT_EQ(opened[i].port, Port::kLan);
      ASSERT_EQ(Buffer(opened[i].frame.begin() + 34, opened[i].frame.end()),
                Buffer(frames[i].begin() + 34, frames[i].end()));
    }
  }
}

// Every other packet is for a cipher that is slower than the wire, so that its engine is full soon.
TEST_F(Pace, OfAesGcmIsNotThatOfASlowerCipherBesideIt) {
  ASSERT_TRUE(driven_.session.commit(tables(layout::Action::kProtect, 1)));
  for (const auto& [length, clocks] : {std::pair(60U, 2.05), {590U, 11.05}, {1514U, 25.05}}) {
    SCOPED_TRACE(length);
    ASSERT_TRUE(card_.settle());
    (void)card_.transmitted();
    const auto drops = [this] {
      return driven_.control.counters().value().drops[static_cast<unsigned>(layout::Drop::kCryptoBusy)];
    };
    const std::uint64_t dropped_before = drops();
    const std::uint32_t pairs = 30000 / ((length + 63) / 64 * 64);
    for (std::uint32_t i = 0; i < pairs; ++i) {
      card_.receive(Port::kLan, lan_frame(length, i));
      card_.receive(Port::kLan, lan_frame(length, i, kSlowOutside));
    }
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t fast = 0;
    std::uint32_t slow = 0;
    for (std::uint64_t limit = card_.clocks() + 1'000'000; fast < pairs && card_.clocks() < limit;) {
      card_.run(1);
      for (const auto& t : card_.transmitted()) {
        const bool is_fast = ByteReader(Bytes(t.frame).subspan(34)).u32() == kSpi;
        ++(is_fast ? fast : slow);
        if (is_fast) last = card_.clocks();
        if (fast == 1 && is_fast) first = last;
      }
    }
    ASSERT_EQ(fast, pairs);
    const double each = static_cast<double>(last - first) / (pairs - 1);
    ASSERT_TRUE(card_.settle());
    slow += card_.transmitted().size();
    const std::uint64_t dropped = drops() - dropped_before;
    std::printf("frame of %u bytes: %.2f clocks for AES-GCM's, beside %u of AES-CBC and %lu dropped\n", length, each,
                slow, static_cast<unsigned long>(dropped));
    EXPECT_LE(each, 2 * clocks) << "there are two frames to each";
    EXPECT_EQ(slow + dropped, pairs);
  }
}

// Two doors: while packets stream, tables change nine times. None is lost, none is delayed behind another, and once one
// has seen the new tables all after it do.
TEST_F(Pace, FlipsUnderLoadLoseNoPacketAndSplitTheStreamInOnePlaceEach) {
  // Twice: a fresh card's banks are then both filled, and a change is a few rows.
  for (int bank = 0; bank < 2; ++bank) ASSERT_TRUE(driven_.session.commit(tables(layout::Action::kBypass, 0)));
  card_.set_reluctance({.receive_gap = 12, .transmit_wait = 4, .memory_wait = 4});
  constexpr std::uint32_t kPackets = 4000;
  for (std::uint32_t i = 0; i < kPackets; ++i) card_.receive(Port::kLan, lan_frame(60 + i % 90, i));
  std::size_t seen_before = 0;
  std::vector<TransmittedFrame> sent;
  const auto collect = [&] {
    for (auto& t : card_.transmitted()) sent.push_back(std::move(t));
  };
  for (std::uint8_t mark = 1; mark < 10; ++mark) {
    ASSERT_TRUE(driven_.session.commit(tables(layout::Action::kBypass, mark)));
    collect();
    EXPECT_GT(sent.size(), seen_before) << "no packet passed during a commit";
    seen_before = sent.size();
  }
  EXPECT_LT(sent.size(), kPackets) << "the stream ended before the last commit";
  ASSERT_TRUE(card_.settle());
  collect();
  ASSERT_EQ(sent.size(), kPackets);
  std::uint8_t mark = 0;
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ByteReader r(Bytes(sent[i].frame).subspan(34));
    ASSERT_EQ(r.u32(), i);
    ASSERT_GE(sent[i].frame[5], mark);
    mark = sent[i].frame[5];
  }
  EXPECT_EQ(mark, 9);
}

}  // namespace
}  // namespace sallyport::tests
