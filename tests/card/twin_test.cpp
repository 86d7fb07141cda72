// SPDX-License-Identifier: Apache-2.0
// The Verilated card against the software card: the same tables, the same random frames at both ports at once, the same
// outcome.
//
// Order is compared where it is promised: among the frames of one way through the card (ESP, decapsulated, each by one
// of the two ways through a cipher; bypass, clear, the host's).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <string>
#include <utility>

#include "driver/software/software_card.hpp"
#include "tests/card/driven_card.hpp"
#include "tests/card/random_world.hpp"
#include "tests/card/verilated_card.hpp"

namespace sallyport::tests {
namespace {

using driver::Message;
using layout::Counter;
using layout::Drop;
using layout::Port;
namespace reg = layout::reg;

std::string text(const Message& m) {
  ByteWriter w;
  w.u8(static_cast<std::uint8_t>(m.reason)).u8(static_cast<std::uint8_t>(m.port)).u32(m.generation).u32(m.spi);
  w.u16(m.sa_index)
      .u8(m.outbound)
      .u8(m.decapsulated)
      .u16(m.policy_id)
      .u16(m.principal)
      .u64(m.source.high)
      .u64(m.source.low);
  return layout::kUpcalls[static_cast<unsigned>(m.reason)].name + (" " + to_hex(w.view()) + " " + to_hex(m.frame));
}

// Done by the engine that is slower than the wire, on a way of its own.
bool chained(const RandomSa& sa) { return layout::kCipherShapes[sa.sa.get(layout::sa_in::kCipher)].icv == 0; }

// A way through the card to the host.
constexpr unsigned kWays = 12;
unsigned way_of(const Message& m, bool chained_sa) {
  if (m.reason == layout::Upcall::kOversize) return chained_sa ? 11 : 10;
  const bool event = m.frame.empty();
  if (m.port == Port::kLan) return !event ? 0 : m.reason == layout::Upcall::kTagRejected ? 9 : 1;
  if (event) return m.reason == layout::Upcall::kSpiUnknown ? 2 : chained_sa ? 7 : 3;
  const bool as_received = !m.decapsulated && (m.reason == layout::Upcall::kLocal || m.reason == layout::Upcall::kArp);
  return as_received ? 4 : !m.decapsulated ? 6 : chained_sa ? 8 : 5;
}

// Frames that left a port, by their way there.
constexpr const char* kLeftBy[] = {"through AES-GCM", "through another cipher", "past a cipher", "from the host"};
struct Left {
  std::deque<Buffer> ways[std::size(kLeftBy)];
};

// `seen` is some interleaving of the ways.
void expect_merged(std::vector<Buffer> seen, Left expected, const char* port) {
  for (std::size_t i = 0; i < seen.size(); ++i) {
    bool found = false;
    for (auto& way : expected.ways) {
      if (found || way.empty() || way.front() != seen[i]) continue;
      way.pop_front();
      found = true;
    }
    std::string next;
    for (std::size_t way = 0; way < std::size(kLeftBy); ++way) {
      if (!expected.ways[way].empty()) next += "\n" + (kLeftBy[way] + (": " + to_hex(expected.ways[way].front())));
    }
    ASSERT_TRUE(found) << "frame " << i << " of " << seen.size() << " out of " << port << ": " << to_hex(seen[i])
                       << "\nexpected next" << next;
  }
  for (const auto& way : expected.ways) ASSERT_TRUE(way.empty()) << way.size() << " frames never left " << port;
}

class Twins : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    for (DrivenCard* side : {&software_side_, &verilated_side_}) {
      side->install(world_.outbound(), world_.inbound());
      side->install(world_.sessions(), world_.plain_tags());
      for (const Port port : {Port::kLan, Port::kWan}) {
        ASSERT_TRUE(side->control.set_vlan(port, world_.vlan(port)));
      }
    }
  }

  void new_tables() {
    const driver::TableImage image = world_.next_tables();
    ASSERT_TRUE(software_side_.session.commit(image));
    ASSERT_TRUE(verilated_side_.session.commit(image));
  }

  void receive(Port port, Bytes untagged) {
    const Buffer frame = world_.on_wire(port, untagged);
    const bool bad = random_() % 100 == 0;
    software_.receive(port, frame, bad);
    keep(way_taken());
    verilated_.receive(port, frame, bad);
  }

  void inject() {
    const auto where = layout::Inject(random_() % 4);
    const Buffer frame = random_() % 2 ? world_.lan_frame() : world_.wan_frame();
    if (frame.size() < 14) return;
    std::optional<std::uint16_t> sender;
    if (random_() % 2) sender = static_cast<std::uint16_t>(random_() % 5);
    ASSERT_TRUE(software_side_.sent.send(where, frame, sender));
    const bool as_it_is = where == layout::Inject::kLanTx || where == layout::Inject::kWanTx;
    keep(as_it_is ? 3 : way_taken());
    ASSERT_TRUE(verilated_side_.sent.send(where, frame, sender));
  }

  // Everything that both cards have done since the last call.
  void compare() {
    ASSERT_TRUE(verilated_.settle()) << "the card does not come to rest";
    std::vector<Buffer> seen[2];
    for (auto& t : verilated_.transmitted()) seen[t.port == Port::kWan].push_back(std::move(t.frame));
    for (const bool wan : {false, true}) {
      ASSERT_NO_FATAL_FAILURE(expect_merged(seen[wan], std::exchange(left_[wan], {}), wan ? "WAN" : "LAN"));
    }

    std::vector<std::string> told[kWays], tells[kWays];
    for (const Message& m : software_side_.messages()) told[way_of(m, of_chained_sa(m))].push_back(text(m));
    for (const Message& m : verilated_side_.messages()) {
      tells[way_of(m, of_chained_sa(m))].push_back(text(m));
      if (m.reason == layout::Upcall::kOversize) ++oversize_;
    }
    for (unsigned way = 0; way < kWays; ++way) ASSERT_EQ(tells[way], told[way]);

    const auto right = software_side_.control.counters().value();
    const auto ours = verilated_side_.control.counters().value();
    for (unsigned i = 0; i < layout::kCounterCount; ++i) {
      ASSERT_EQ(ours.counters[i], right.counters[i]) << layout::kCounterNames[i].name;
    }
    for (unsigned i = 0; i < layout::kDropReasons; ++i)
      ASSERT_EQ(ours.drops[i], right.drops[i]) << layout::kDrops[i].name;
    for (const bool outbound : {true, false}) {
      for (const RandomSa& sa : outbound ? world_.outbound() : world_.inbound()) {
        ASSERT_EQ(to_hex(verilated_side_.state(outbound, sa.row).bytes()),
                  to_hex(software_side_.state(outbound, sa.row).bytes()))
            << (outbound ? "outbound" : "inbound") << " row " << sa.row;
      }
    }
    const auto status = verilated_side_.control.status().value();
    ASSERT_EQ(status.in_flight[0] + status.in_flight[1], 0U);
  }

  bool of_chained_sa(const Message& m) {
    if (m.reason == layout::Upcall::kOversize) return was_chained(m.frame);
    const auto& sas = world_.inbound();
    return std::any_of(sas.begin(), sas.end(), [&](const RandomSa& sa) { return sa.row == m.sa_index && chained(sa); });
  }

  // Of a frame that the card has protected: ESP, in UDP too, or AH.
  bool was_chained(const Buffer& frame) {
    driver::IpPacket packet;
    EXPECT_EQ(driver::read_ip_of(ByteReader(Bytes(frame).subspan(12)).u16(), Bytes(frame).subspan(14), packet),
              driver::HeaderFault::kNone);
    ByteReader r(packet.payload());
    r.skip(packet.protocol == driver::kProtocolUdp ? 8 : packet.protocol == driver::kProtocolAh ? 4 : 0);
    const std::uint32_t spi = r.u32();
    const auto& sas = world_.outbound();
    const auto its = [&](const RandomSa& sa) { return sa.sa.get(layout::sa_out::kSpi) == spi; };
    const auto sa = std::find_if(sas.begin(), sas.end(), its);
    EXPECT_NE(sa, sas.end());
    return sa != sas.end() && chained(*sa);
  }

  // What the software card did with the last packet, among kLeftBy. It does one at a time, so its SAs tell.
  unsigned way_taken() {
    const auto low = [this](Counter c) {
      return software_.read(reg::kCounters.at(2 * static_cast<unsigned>(c))).value();
    };
    const std::uint64_t ciphered = low(Counter::kEspOut) + low(Counter::kEspIn);
    if (std::exchange(ciphered_, ciphered) == ciphered) return 2;
    std::uint64_t packets = 0;
    for (const bool outbound : {true, false}) {
      for (const RandomSa& sa : outbound ? world_.outbound() : world_.inbound()) {
        static_assert(layout::sa_out_state::kPackets.lsb == layout::sa_in_state::kPackets.lsb);
        if (chained(sa)) packets += software_side_.state(outbound, sa.row).get(layout::sa_out_state::kPackets);
      }
    }
    return std::exchange(chained_packets_, packets) != packets ? 1 : 0;
  }

  void keep(unsigned way) {
    for (auto& [port, frame] : std::exchange(sent_, {}))
      left_[port == Port::kWan].ways[way].push_back(std::move(frame));
  }

  std::mt19937 random_{GetParam()};
  RandomWorld world_{GetParam()};
  std::vector<TransmittedFrame> sent_;
  Left left_[2];
  std::uint64_t ciphered_ = 0;         // packets, until now
  std::uint64_t oversize_ = 0;         // given to the host
  std::uint64_t chained_packets_ = 0;  // those of chained SAs
  driver::SoftwareCard software_{[this](Port port, Bytes frame) {
    sent_.push_back({port, Buffer(frame.begin(), frame.end())});
  }};
  VerilatedCard verilated_{GetParam(), {.receive_gap = 9, .transmit_wait = 2, .memory_wait = 4}};
  DrivenCard software_side_{software_};
  DrivenCard verilated_side_{verilated_};
};

TEST_P(Twins, DoTheSameWithEveryPacket) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  std::array<std::uint64_t, layout::kDropReasons> drops{};
  for (int generation = 0; generation < 6; ++generation) {
    ASSERT_NO_FATAL_FAILURE(new_tables());
    for (int batch = 0; batch < 3; ++batch) {
      for (int i = 0; i < 150; ++i) {
        receive(Port::kLan, world_.lan_frame());
        receive(Port::kWan, world_.wan_frame());
      }
      ASSERT_NO_FATAL_FAILURE(compare());
      for (int i = 0; i < 10; ++i) ASSERT_NO_FATAL_FAILURE(inject());
      ASSERT_NO_FATAL_FAILURE(compare());
      world_.set_alone(true);
      for (int i = 0; i < 20; ++i) {
        receive(Port::kWan, world_.wan_frame());
        ASSERT_TRUE(verilated_.settle());
      }
      ASSERT_NO_FATAL_FAILURE(compare());
      world_.set_alone(false);
    }
  }
  drops = software_side_.control.counters().value().drops;
  const auto counters = software_side_.control.counters().value();
  EXPECT_GT(counters.of(Counter::kEspOut), 50U);
  EXPECT_GT(oversize_, 0U);
  EXPECT_GT(counters.of(Counter::kEspIn), 50U);
  for (const Counter tags : {Counter::kTagOk, Counter::kTagUnknown, Counter::kTagForged}) {
    EXPECT_GT(counters.of(tags), 20U) << layout::kCounterNames[static_cast<unsigned>(tags)].name;
  }
  EXPECT_EQ(counters.of(Counter::kTagPlain) == 0, world_.plain_tags());
  unsigned reasons = 0;
  for (const std::uint64_t n : drops) reasons += n != 0;
  EXPECT_GT(reasons, 18U) << "the traffic is not varied enough";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Twins, testing::Range(1U, 5U));

}  // namespace
}  // namespace sallyport::tests
