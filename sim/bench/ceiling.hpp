// SPDX-License-Identifier: Apache-2.0
// What a 100 Gb/s line can carry at most: the number that a measured rate is compared with.
#pragma once

#include <cstddef>
#include <vector>

#include "hw/layout/codes.hpp"
#include "sim/bench/frames.hpp"
#include "sim/platform/line_rate.hpp"

namespace sallyport::bench {

constexpr std::size_t kOuterHeaders = 20 + 8;  // IPv4, ESP (RFC 4303)
constexpr std::size_t kEspTrailer = 2;         // pad length, next header

// The bytes that an SA's algorithms ask for.
struct EspShape {
  std::size_t iv = 0;
  std::size_t block = 1;  // inner packet and trailer are padded to a multiple of it
  std::size_t icv = 0;
};

constexpr EspShape esp_shape(layout::Cipher cipher, layout::Integrity integrity) {
  const layout::CipherShape c = layout::shape(cipher);
  return {c.iv, c.block, c.icv != 0 ? c.icv : layout::shape(integrity).icv};
}

// The ESP frame, in bytes without FCS, that the WAN carries of what is a frame of `inner_frame` bytes on a LAN: tunnel
// mode over IPv4.
constexpr std::size_t esp_length(std::size_t inner_frame, const EspShape& shape) {
  const std::size_t packet = inner_frame - kEthernetHeaderBytes;
  const std::size_t ciphertext = (packet + kEspTrailer + shape.block - 1) / shape.block * shape.block;
  return kEthernetHeaderBytes + kOuterHeaders + shape.iv + ciphertext + shape.icv;
}

// Packets a second at which a line is full when the frames of `mix` (bytes without FCS) come one after the other, again
// and again.
inline double line_packets_per_second(const std::vector<std::size_t>& mix) {
  sim::LineTime ticks = 0;
  for (const std::size_t length : mix) ticks += sim::line_time(length);
  return static_cast<double>(mix.size()) / (sim::nanoseconds(ticks) * 1e-9);
}

}  // namespace sallyport::bench
