// SPDX-License-Identifier: Apache-2.0
// What a 100 Gb/s line can carry at most: the number that a measured rate is compared with.
#pragma once

#include <cstddef>
#include <vector>

#include "hw/layout/codes.hpp"
#include "sim/bench/frames.hpp"
#include "sim/platform/line_rate.hpp"

namespace sallyport::bench {

// What an SA in tunnel mode puts around a packet.
struct SaShape {
  std::size_t around = 0;   // bytes of the outer IP header, ESP header, IV and ICV; or of AH
  std::size_t trailer = 0;  // of ESP: pad length, next header
  std::size_t block = 1;    // packet and trailer are padded to a multiple of it
};

constexpr std::size_t outer_header(bool ipv6) { return ipv6 ? driver::kIpv6Bytes : driver::kIpv4Bytes; }

// RFC 4303.
constexpr SaShape esp_shape(layout::Cipher cipher, layout::Integrity integrity, bool over_ipv6 = false) {
  const layout::CipherShape c = layout::shape(cipher);
  return {outer_header(over_ipv6) + 8 + c.iv + (c.icv != 0 ? c.icv : layout::shape(integrity).icv), 2, c.block};
}

// RFC 4302: over IPv6 a multiple of 8 bytes.
constexpr SaShape ah_shape(layout::Integrity integrity, bool over_ipv6 = false) {
  const std::size_t ah = 12 + layout::shape(integrity).icv;
  return {outer_header(over_ipv6) + (over_ipv6 ? (ah + 7) / 8 * 8 : ah)};
}

// The frame, in bytes without FCS, that the WAN carries of what is a frame of `inner_frame` bytes on a LAN.
constexpr std::size_t wan_length(std::size_t inner_frame, const SaShape& shape) {
  const std::size_t packet = inner_frame - kEthernetHeaderBytes;
  const std::size_t padded = (packet + shape.trailer + shape.block - 1) / shape.block * shape.block;
  return kEthernetHeaderBytes + shape.around + padded;
}

// Packets a second at which a line is full when the frames of `mix` (bytes without FCS) come one after the other, again
// and again.
inline double line_packets_per_second(const std::vector<std::size_t>& mix) {
  sim::LineTime ticks = 0;
  for (const std::size_t length : mix) ticks += sim::line_time(length);
  return static_cast<double>(mix.size()) / (sim::nanoseconds(ticks) * 1e-9);
}

}  // namespace sallyport::bench
