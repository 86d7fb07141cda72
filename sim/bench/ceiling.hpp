// SPDX-License-Identifier: Apache-2.0
// What a 100 Gb/s line can carry at most: the number that a measured rate is compared with.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/bench/frames.hpp"
#include "sim/platform/line_rate.hpp"

namespace sallyport::bench {

constexpr std::size_t kOuterHeaders = 20 + 8 + 8;  // IPv4, ESP, IV (RFC 4303, RFC 4106)
constexpr std::size_t kIcv = 16;
constexpr std::size_t kEspTrailer = 2;  // pad length, next header

// Sizes of one frame, in bytes without FCS. An inner frame is what a LAN carries, an ESP frame what the WAN carries of
// it.
struct FrameSizes {
  std::size_t inner = 0;
  std::size_t esp = 0;
};

// ESP in tunnel mode over IPv4 with AES-GCM-16: the inner packet is padded to a multiple of 4 with its trailer.
constexpr FrameSizes sizes_of(std::size_t inner_frame) {
  const std::size_t packet = inner_frame - kEthernetHeaderBytes;
  const std::size_t ciphertext = (packet + kEspTrailer + 3) / 4 * 4;
  return {inner_frame, kEthernetHeaderBytes + kOuterHeaders + ciphertext + kIcv};
}

// Packets a second at which a line is full when the frames of `mix` (bytes without FCS) come one after the other, again
// and again.
inline double line_packets_per_second(const std::vector<std::size_t>& mix) {
  sim::LineTime ticks = 0;
  for (const std::size_t length : mix) ticks += sim::line_time(length);
  return static_cast<double>(mix.size()) / (sim::nanoseconds(ticks) * 1e-9);
}

}  // namespace sallyport::bench
