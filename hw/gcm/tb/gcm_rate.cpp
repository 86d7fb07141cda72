// SPDX-License-Identifier: Apache-2.0
// How fast the verilated engine runs: thousands of clocks a second, busy and idle. Nothing is compared here.
#include <chrono>
#include <cstdio>

#include "Vgcm_harness.h"
#include "hw/common/tb/clock.hpp"

namespace {

using Dut = sallyport::hw::Clocked<Vgcm_harness>;

// A packet of `length` bytes after the other, or none when it is 0.
double kclocks_a_second(Dut& dut, unsigned length) {
  constexpr unsigned kClocks = 300000;
  auto& m = dut.model;
  const auto start = std::chrono::steady_clock::now();
  unsigned left = 0;  // bytes of the packet that is on its way
  unsigned i = 0;
  for (; i < kClocks || left != 0; ++i) {
    m.valid_i = length != 0 && m.ready_o == 1;
    if (m.valid_i) {
      m.first_i = left == 0;
      if (left == 0) {
        left = length;
        m.length_i = length;
        m.sa_index_i = i * 7;
      }
      left -= left < 64 ? left : 64;
      for (unsigned w = 0; w < 16; ++w) m.data_i[w] = i * 0x9e3779b9U + w;
    }
    dut.tick();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return i / took.count() / 1000;
}

}  // namespace

int main() {
  Dut dut;
  auto& m = dut.model;
  m.valid_i = m.write_i = m.wipe_i = 0;
  m.aad_bytes_i = 8;
  for (int i = 0; i < 3000; ++i) dut.tick();
  std::printf("latency %u clocks, tag %u\n", m.latency_o, m.tag_latency_o);
  for (const unsigned length : {9216U, 1504U, 48U, 0U}) {
    std::printf("packets of %4u bytes: %6.0f kclocks/s\n", length, kclocks_a_second(dut, length));
  }
  return 0;
}
