// SPDX-License-Identifier: Apache-2.0
// The test is the card and host memory.
#include "sim/platform/pcie_link.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

namespace sallyport::sim {
namespace {

constexpr std::uint64_t kBase = 0x2000000000;

class TestMemory : public driver::HostBus {
 public:
  bool read(std::uint64_t address, std::span<std::uint8_t> to) override {
    if (address < kBase || address - kBase + to.size() > bytes.size()) return false;
    std::memcpy(to.data(), bytes.data() + (address - kBase), to.size());
    return true;
  }
  bool write(std::uint64_t address, Bytes from) override {
    if (address < kBase || address - kBase + from.size() > bytes.size()) return false;
    std::memcpy(bytes.data() + (address - kBase), from.data(), from.size());
    ++writes;
    return true;
  }
  Buffer bytes = Buffer(64 * 1024);
  unsigned writes = 0;
};

// The card's pins, a register file behind the register port, and time.
class Bench {
 public:
  void clock() {
    link.drive(now);
    // The register file: takes address and data together, answers a clock later.
    awready = wready = awvalid != 0 && wvalid != 0 && bvalid == 0;
    arready = arvalid != 0 && rvalid == 0;
    link.sample(now);
    bvalid = rvalid = 0;
    if (awready != 0) {
      registers[awaddr] = wdata;
      bvalid = 1;
    }
    if (arready != 0) {
      rdata = registers[araddr];
      rvalid = 1;
    }
    ++now;
  }
  void clocks(Clock n) {
    for (Clock end = now + n; now < end;) clock();
  }

  std::map<std::uint32_t, std::uint32_t> registers;
  TestMemory memory;
  Clock now = 0;
  std::uint8_t awvalid = 0, awready = 0, wvalid = 0, wready = 0, wstrb = 0, bvalid = 0, bready = 0;
  std::uint8_t arvalid = 0, arready = 0, rvalid = 0, rready = 0;
  std::uint16_t awaddr = 0, araddr = 0;
  std::uint32_t wdata = 0, rdata = 0;

  std::uint8_t m_awvalid = 0, m_awready = 0, m_awlen = 0, m_wvalid = 0, m_wready = 0, m_wlast = 0, m_bvalid = 0;
  std::uint8_t m_bready = 1, m_bresp = 0, m_arvalid = 0, m_arready = 0, m_arlen = 0, m_rvalid = 0, m_rready = 1;
  std::uint8_t m_rresp = 0, m_rlast = 0;
  std::uint64_t m_awaddr = 0, m_wstrb = 0, m_araddr = 0;
  std::array<std::uint32_t, 16> m_wdata{}, m_rdata{};

  LinkParameters parameters;
  PcieLink link{RegisterPins{awvalid, awready, awaddr, wvalid, wready, wdata, wstrb, bvalid, bready, arvalid, arready,
                             araddr, rvalid, rready, rdata},
                MemoryPins{m_awvalid, m_awready, m_awaddr, m_awlen,  m_wvalid,       m_wready,  m_wdata.data(),
                           m_wstrb,   m_wlast,   m_bvalid, m_bready, m_bresp,        m_arvalid, m_arready,
                           m_araddr,  m_arlen,   m_rvalid, m_rready, m_rdata.data(), m_rresp,   m_rlast},
                memory, parameters};
};

struct Beat {
  Clock clock;
  Buffer data;
  std::uint8_t response;
  bool last;
};

// Asks for `bursts` of `beats` each, from `address` on, and collects what comes back.
std::vector<Beat> read_bursts(Bench& bench, std::uint64_t address, unsigned bursts, unsigned beats) {
  std::vector<Beat> got;
  unsigned asked = 0;
  for (Clock limit = bench.now + 20'000; bench.now < limit && got.size() < bursts * beats;) {
    bench.m_arvalid = asked < bursts;
    bench.m_araddr = address + asked * beats * kBeatBytes;
    bench.m_arlen = static_cast<std::uint8_t>(beats - 1);
    const Clock now = bench.now;
    bench.clock();
    if (bench.m_arvalid != 0 && bench.m_arready != 0) ++asked;
    if (bench.m_rvalid == 0) continue;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(bench.m_rdata.data());
    got.push_back({now, Buffer(bytes, bytes + kBeatBytes), bench.m_rresp, bench.m_rlast != 0});
  }
  bench.m_arvalid = 0;
  return got;
}

void write_burst(Bench& bench, std::uint64_t address, Bytes data, std::uint64_t last_strobe) {
  bench.m_awvalid = 1;
  bench.m_awaddr = address;
  bench.m_awlen = static_cast<std::uint8_t>(data.size() / kBeatBytes - 1);
  for (std::size_t at = 0; at < data.size();) {
    bench.m_wvalid = 1;
    bench.m_wlast = at + kBeatBytes == data.size();
    bench.m_wstrb = bench.m_wlast != 0 ? last_strobe : ~std::uint64_t{0};
    std::memcpy(bench.m_wdata.data(), data.data() + at, kBeatBytes);
    bench.clock();
    if (bench.m_awready != 0) bench.m_awvalid = 0;
    if (bench.m_wready != 0) at += kBeatBytes;
  }
  bench.m_wvalid = 0;
}

TEST(PcieLink, WritesAndReadsRegistersInOrderWithItsLatency) {
  Bench bench;
  std::optional<std::uint32_t> value;
  Clock answered = 0;
  bench.link.write_register(0, 0x20, 0xc0ffee, [](std::uint32_t) {});
  bench.link.read_register(0, 0x20, [&](std::uint32_t v) {
    value = v;
    answered = bench.now;
  });
  bench.clocks(2 * bench.parameters.latency);
  EXPECT_FALSE(value);
  bench.clocks(20);
  EXPECT_EQ(value, 0xc0ffeeU);
  EXPECT_GE(answered, 2 * bench.parameters.latency);
}

TEST(PcieLink, ReadsHostMemoryAtItsLatencyAndBandwidth) {
  Bench bench;
  std::iota(bench.memory.bytes.begin(), bench.memory.bytes.end(), std::uint8_t{0});
  constexpr unsigned kBursts = 12;
  constexpr unsigned kBeats = 64;
  const auto beats = read_bursts(bench, kBase, kBursts, kBeats);
  ASSERT_EQ(beats.size(), kBursts * kBeats);
  for (std::size_t i = 0; i < beats.size(); ++i) {
    ASSERT_TRUE(std::equal(beats[i].data.begin(), beats[i].data.end(), bench.memory.bytes.begin() + i * kBeatBytes));
    ASSERT_EQ(beats[i].response, 0);
    ASSERT_EQ(beats[i].last, i % kBeats == kBeats - 1);
  }
  EXPECT_GE(beats.front().clock, 2 * bench.parameters.latency);
  EXPECT_LE(beats.front().clock, 2 * bench.parameters.latency + 8);
  const double rate = static_cast<double>((beats.size() - 1) * kBeatBytes) /
                      static_cast<double>(beats.back().clock - beats.front().clock);
  EXPECT_NEAR(rate, static_cast<double>(bench.parameters.bytes_per_clock), 0.1);
}

TEST(PcieLink, WritesHostMemoryByteExactAndAnswersAfterwards) {
  Bench bench;
  Buffer data(128, 0xaa);
  write_burst(bench, kBase + 256, data, 0xf);
  EXPECT_EQ(bench.memory.writes, 0u);
  bench.clocks(2 * bench.parameters.latency);
  EXPECT_EQ(bench.memory.bytes[256 + 67], 0xaa);
  EXPECT_EQ(bench.memory.bytes[256 + 68], 0) << "strobe off";
  EXPECT_EQ(bench.memory.bytes[255], 0);
}

TEST(PcieLink, AnswersSlverrWhereTheHostHasNoMemory) {
  Bench bench;
  const auto beats = read_bursts(bench, 0x1000, 1, 2);
  ASSERT_EQ(beats.size(), 2u);
  EXPECT_EQ(beats[0].response, 2);
  EXPECT_EQ(beats[1].response, 2);
  write_burst(bench, 0x1000, Buffer(64), ~std::uint64_t{0});
  std::optional<std::uint8_t> response;
  for (int i = 0; i < 1000 && !response; ++i) {
    bench.clock();
    if (bench.m_bvalid != 0) response = bench.m_bresp;
  }
  EXPECT_EQ(response, 2);
}

// PCI Express Base 2.4.1, as a driver relies on it: a descriptor is in memory before the register that announces it.
TEST(PcieLink, BringsTheCardsWritesToMemoryBeforeALaterRegisterAnswer) {
  Bench bench;
  bool written_before_answer = false;
  bench.link.read_register(0, 0, [&](std::uint32_t) { written_before_answer = bench.memory.bytes[63 * 64] == 0x55; });
  bench.clocks(bench.parameters.latency - 70);
  write_burst(bench, kBase, Buffer(4096, 0x55), ~std::uint64_t{0});
  bench.clocks(4 * bench.parameters.latency);
  EXPECT_TRUE(written_before_answer);
}

TEST(PcieLink, SleepsWhenNothingIsUnderWay) {
  Bench bench;
  bench.clock();
  EXPECT_EQ(bench.link.next_event(), kNever);
  bench.link.read_register(bench.now, 0, [](std::uint32_t) {});
  EXPECT_EQ(bench.link.next_event(), bench.now + bench.parameters.latency);
}

}  // namespace
}  // namespace sallyport::sim
