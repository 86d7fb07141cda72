// SPDX-License-Identifier: Apache-2.0
// Host memory behind the card's AXI4 master: slow, irregular, and strict about the rules.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "hw/layout/row.hpp"

namespace sallyport::hw {

class HostMemory {
 public:
  static constexpr std::uint64_t kBase = 0x123'4000'0000;
  static constexpr unsigned kBeat = 64;

  HostMemory(std::size_t bytes, std::mt19937& random) : bytes(bytes), random_(random) {}

  std::vector<std::uint8_t> bytes;
  // Accesses of [first, end) are answered with an error, or must not happen at all.
  struct Area {
    std::uint64_t first = 0, end = 0;
    bool touches(std::uint64_t address, std::size_t size) const { return address < end && address + size > first; }
  };
  Area broken;
  Area forbidden;
  unsigned slowness = 20;  // clocks an answer may take
  unsigned bursts_read = 0, bursts_written = 0;

  layout::Row row(std::uint64_t address) const {
    layout::Row row;
    std::memcpy(row.bytes().data(), &bytes.at(address - kBase), kBeat);
    return row;
  }
  void set_row(std::uint64_t address, const layout::Row& row) {
    std::memcpy(&bytes.at(address - kBase), row.bytes().data(), kBeat);
  }

  // Sets this clock's inputs of the card.
  template <class Model>
  void drive(Model& m) {
    m.m_axi_arready = random_() % 3 != 0;
    m.m_axi_awready = random_() % 3 != 0;
    m.m_axi_wready = random_() % 4 != 0;
    for (Burst& burst : reads_) burst.delay -= burst.delay > 0;
    for (Burst& burst : writes_) burst.delay -= burst.delay > 0;
    if (!read_offered_ && !reads_.empty() && reads_.front().delay == 0 && random_() % 8 != 0) {
      const Burst& burst = reads_.front();
      const std::uint64_t address = burst.address + std::uint64_t{kBeat} * burst.done;
      const bool fails = broken.touches(address, kBeat);
      std::memcpy(m.m_axi_rdata.data(), row(address).bytes().data(), kBeat);
      if (fails) m.m_axi_rdata[0] ^= random_();
      m.m_axi_rresp = fails ? 2 : 0;
      m.m_axi_rlast = burst.done + 1 == burst.beats;
      read_offered_ = true;
    }
    m.m_axi_rvalid = read_offered_;
    if (!answer_offered_ && !writes_.empty() && writes_.front().data.size() == writes_.front().beats &&
        writes_.front().delay == 0 && random_() % 4 != 0) {
      apply(writes_.front());
      m.m_axi_bresp = broken.touches(writes_.front().address, writes_.front().data.size() * kBeat) ? 2 : 0;
      answer_offered_ = true;
    }
    m.m_axi_bvalid = answer_offered_;
  }

  // Sees what passes in this clock. Call it when the card's outputs have followed its inputs, before the clock's edge.
  template <class Model>
  void observe(const Model& m) {
    if (m.m_axi_arvalid && m.m_axi_arready) {
      reads_.push_back(burst(m.m_axi_araddr, m.m_axi_arlen, m.m_axi_arsize, m.m_axi_arburst));
      ++bursts_read;
    }
    if (m.m_axi_rvalid && m.m_axi_rready) {
      read_offered_ = false;
      if (++reads_.front().done == reads_.front().beats) reads_.pop_front();
    }
    if (m.m_axi_awvalid && m.m_axi_awready) {
      writes_.push_back(burst(m.m_axi_awaddr, m.m_axi_awlen, m.m_axi_awsize, m.m_axi_awburst));
      ++bursts_written;
    }
    if (m.m_axi_wvalid && m.m_axi_wready) {
      Beat beat;
      std::memcpy(beat.data.data(), m.m_axi_wdata.data(), kBeat);
      beat.strobe = m.m_axi_wstrb;
      beat.last = m.m_axi_wlast;
      early_.push_back(beat);
    }
    settle();
    if (m.m_axi_bvalid && m.m_axi_bready) {
      answer_offered_ = false;
      writes_.pop_front();
    }
  }

 private:
  struct Beat {
    std::array<std::uint8_t, kBeat> data;
    std::uint64_t strobe;
    bool last;
  };
  struct Burst {
    std::uint64_t address = 0;
    unsigned beats = 0;
    unsigned done = 0;   // of a read
    unsigned delay = 0;  // clocks until it is answered
    std::vector<Beat> data;
    bool applied = false;
  };

  Burst burst(std::uint64_t address, unsigned length, unsigned size, unsigned kind) {
    Burst burst;
    burst.address = address;
    burst.beats = length + 1;
    burst.delay = random_() % (slowness + 1);
    EXPECT_EQ(size, 6U);
    EXPECT_EQ(kind, 1U);
    EXPECT_EQ(address % kBeat, 0U);
    EXPECT_EQ(address / 4096, (address + std::uint64_t{kBeat} * burst.beats - 1) / 4096) << "a burst crosses 4 KiB";
    EXPECT_FALSE(forbidden.touches(address, std::size_t{kBeat} * burst.beats));
    return burst;
  }

  // Gives beats to their bursts. A whole burst may be seen in memory at once or only when it is answered: the worst for
  // who relies on an order that nobody promised.
  void settle() {
    for (Burst& burst : writes_) {
      while (burst.data.size() < burst.beats && !early_.empty()) {
        EXPECT_EQ(early_.front().last, burst.data.size() + 1 == burst.beats);
        burst.data.push_back(early_.front());
        early_.pop_front();
        if (burst.data.size() == burst.beats && random_() % 2) apply(burst);
      }
    }
  }

  void apply(Burst& burst) {
    if (burst.applied || broken.touches(burst.address, burst.data.size() * kBeat)) return;
    burst.applied = true;
    for (std::size_t b = 0; b < burst.data.size(); ++b) {
      for (unsigned i = 0; i < kBeat; ++i) {
        if (burst.data[b].strobe >> i & 1) bytes.at(burst.address - kBase + b * kBeat + i) = burst.data[b].data[i];
      }
    }
  }

  std::mt19937& random_;
  std::deque<Burst> reads_, writes_;
  std::deque<Beat> early_;  // beats whose address has not come yet
  bool read_offered_ = false, answer_offered_ = false;
};

}  // namespace sallyport::hw
