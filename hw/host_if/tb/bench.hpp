// SPDX-License-Identifier: Apache-2.0
// host_if between a host (registers, memory) and a card (frames, events, tables) that are both as irregular as they may
// be.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <vector>

#include "Vhost_if_harness.h"
#include "hw/common/tb/clock.hpp"
#include "hw/host_if/tb/host_memory.hpp"
#include "hw/layout/descriptors.hpp"
#include "hw/layout/registers.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::hw {

using Frame = std::vector<std::uint8_t>;

struct Bench {
  static constexpr std::size_t kMemoryBytes = 1 << 20;

  explicit Bench(unsigned seed) : random(seed), memory(kMemoryBytes, random), dut(static_cast<int>(seed)) {
    auto& m = dut.model;
    m.s_axil_awvalid = m.s_axil_wvalid = m.s_axil_bready = m.s_axil_arvalid = m.s_axil_rready = 0;
    m.wiping_i = m.capture_valid_i = 0;
    m.admit_valid_i = m.leave_valid_i = m.drop_valid_i = m.count_valid_i = 0;
  }

  std::mt19937 random;
  HostMemory memory;
  Clocked<Vhost_if_harness> dut;

  // ---- the card's side ---------------------------------------------------------------------------------------------

  struct Upcall {
    layout::Row notice;  // rx_descriptor without number and clock
    Frame frame;         // empty: an event
  };
  std::deque<Upcall> sources[2];  // frames to be offered, outbound and inbound
  std::deque<Upcall> events[2];   // at most one a clock each
  unsigned gap = 4;               // one clock in so many is a gap

  struct Sent {
    unsigned inject;
    Frame frame;
    bool known;
    unsigned principal;
  };
  std::vector<Sent> sent;  // what came out of host_tx

  struct Written {
    unsigned table_id;
    bool bank;
    unsigned row;
    layout::Row data;
    bool operator==(const Written&) const = default;
  };
  std::vector<Written> written;
  std::function<bool()> table_ready = [] { return true; };
  unsigned host_tx_pressure = 0;  // of 8 clocks, those without ready

  void tick() {
    auto& m = dut.model;
    memory.drive(m);
    for (int s = 0; s < 2; ++s) drive_source(s);
    m.event_valid_i = 0;
    for (int s = 0; s < 2; ++s) {
      if (events[s].empty()) continue;
      m.event_valid_i |= 1 << s;
      std::memcpy(m.event_i[s].data(), events[s].front().notice.bytes().data(), layout::kRowBytes);
      events[s].pop_front();
    }
    m.table_ready_i = table_ready();
    m.host_tx_ready_i = random() % 8 >= host_tx_pressure;
    m.eval();
    memory.observe(m);
    observe();
    dut.tick();
    m.capture_valid_i = 0;
    m.admit_valid_i = m.leave_valid_i = m.drop_valid_i = m.count_valid_i = 0;
  }

  void run(unsigned clocks) {
    while (clocks-- > 0) tick();
  }

  // Ticks until `done`, or fails.
  void until(const std::function<bool()>& done, const char* what) {
    for (int i = 0; i < 100000; ++i) {
      if (done()) return;
      tick();
    }
    FAIL() << "waited in vain for " << what;
  }

  // ---- the host's side ---------------------------------------------------------------------------------------------

  std::uint32_t read(const layout::Register& reg) {
    auto& m = dut.model;
    m.s_axil_araddr = reg.offset;
    m.s_axil_arvalid = 1;
    bool taken = false;
    std::uint32_t value = 0;
    for (bool done = false; !done;) {
      m.s_axil_rready = random() % 2;
      m.eval();
      const bool takes = m.s_axil_arvalid && m.s_axil_arready;
      done = m.s_axil_rvalid && m.s_axil_rready;
      if (done) value = m.s_axil_rdata;
      EXPECT_TRUE(!done || (taken && m.s_axil_rresp == 0));
      tick();
      taken = taken || takes;
      if (taken) m.s_axil_arvalid = 0;
    }
    m.s_axil_rready = 0;
    return value;
  }

  // Address and data in any order; the answer's code.
  unsigned write(const layout::Register& reg, std::uint32_t value, unsigned strobe = 0xf) {
    auto& m = dut.model;
    m.s_axil_awaddr = reg.offset;
    m.s_axil_wdata = value;
    m.s_axil_wstrb = strobe;
    unsigned address_after = random() % 4;
    unsigned data_after = random() % 4;
    bool address_taken = false;
    bool data_taken = false;
    unsigned answer = 0;
    for (bool done = false; !done;) {
      m.s_axil_awvalid = !address_taken && (address_after == 0 || address_after-- == 1);
      m.s_axil_wvalid = !data_taken && (data_after == 0 || data_after-- == 1);
      m.s_axil_bready = random() % 2;
      m.eval();
      address_taken = address_taken || (m.s_axil_awvalid && m.s_axil_awready);
      data_taken = data_taken || (m.s_axil_wvalid && m.s_axil_wready);
      done = m.s_axil_bvalid && m.s_axil_bready;
      if (done) answer = m.s_axil_bresp;
      tick();
    }
    m.s_axil_awvalid = m.s_axil_wvalid = m.s_axil_bready = 0;
    return answer;
  }

  std::uint64_t read64(const layout::Register& reg, unsigned pair = 0) {
    const std::uint64_t low = read(reg.at(2 * pair));
    return low | std::uint64_t{read(reg.at(2 * pair + 1))} << 32;
  }
  void write64(const layout::Register& reg, std::uint64_t value) {
    write(reg.at(0), static_cast<std::uint32_t>(value));
    write(reg.at(1), static_cast<std::uint32_t>(value >> 32));
  }
  std::uint64_t counter(layout::Counter c) { return read64(layout::reg::kCounters, static_cast<unsigned>(c)); }
  std::uint64_t drops(layout::Drop d) { return read64(layout::reg::kDropCounters, static_cast<unsigned>(d)); }

  Frame random_frame(unsigned length) {
    Frame frame(length);
    for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
    return frame;
  }

 private:
  void drive_source(int s) {
    auto& m = dut.model;
    if (!offered_[s] && !sources[s].empty() && random() % gap != 0) {
      const Upcall& upcall = sources[s].front();
      const std::size_t left = upcall.frame.size() - at_[s];
      const std::size_t size = std::min<std::size_t>(left, layout::kRowBytes);
      std::uint8_t beat[layout::kRowBytes];
      for (auto& byte : beat) byte = static_cast<std::uint8_t>(random());  // behind the end: anything
      std::memcpy(beat, &upcall.frame[at_[s]], size);
      std::memcpy(m.host_rx_data_i[s].data(), beat, sizeof beat);
      std::memcpy(m.host_rx_notice_i[s].data(), upcall.notice.bytes().data(), layout::kRowBytes);
      const bool last = left <= layout::kRowBytes;
      m.host_rx_empty_i[s] = last ? layout::kRowBytes - left : 0;
      m.host_rx_last_i = (m.host_rx_last_i & ~(1 << s)) | last << s;
      offered_[s] = true;
    }
    m.host_rx_valid_i = (m.host_rx_valid_i & ~(1 << s)) | offered_[s] << s;
  }

  void observe() {
    auto& m = dut.model;
    for (int s = 0; s < 2; ++s) {
      if (!offered_[s] || !(m.host_rx_ready_o >> s & 1)) continue;
      offered_[s] = false;
      at_[s] += layout::kRowBytes;
      if (at_[s] >= sources[s].front().frame.size()) {
        sources[s].pop_front();
        at_[s] = 0;
      }
    }
    if (m.table_valid_o) {
      EXPECT_TRUE(m.table_ready_i);
      Written row{m.table_id_o, m.table_bank_o != 0, m.table_row_o, {}};
      std::memcpy(row.data.bytes().data(), m.table_data_o.data(), layout::kRowBytes);
      written.push_back(row);
    }
    if (m.host_tx_valid_o && m.host_tx_ready_i) {
      std::uint8_t beat[layout::kRowBytes];
      std::memcpy(beat, m.host_tx_data_o.data(), sizeof beat);
      sending_.insert(sending_.end(), beat, beat + sizeof beat - m.host_tx_empty_o);
      if (m.host_tx_last_o) {
        EXPECT_EQ(m.host_tx_length_o, sending_.size());
        sent.push_back({m.host_tx_inject_o, sending_, m.host_tx_known_o != 0, m.host_tx_principal_o});
        sending_.clear();
      }
    }
  }

  bool offered_[2] = {};
  std::size_t at_[2] = {};
  Frame sending_;
};

}  // namespace sallyport::hw
