// SPDX-License-Identifier: Apache-2.0
// The Authentication Header (RFC 4302) behind an IP header and its extras.
#pragma once

#include "driver/ip/ip.hpp"
#include "driver/software/transform.hpp"

namespace sallyport::driver::software {

constexpr std::size_t kAhFixedBytes = 12;  // next header, length, reserved, SPI, sequence number

// Of an AH that we send: with ICV and padding to a multiple of 4, or of 8, bytes.
std::size_t ah_bytes(const Transform& transform, bool align8);

// What `header` becomes with an AH of `ah` bytes and `content`, whose first header is `next_header`, behind it.
struct AhContent {
  std::uint32_t spi = 0;
  std::uint64_t seq = 0;
  std::uint8_t next_header = 0;
  std::size_t ah_bytes = 0;
  Bytes content;
};
Buffer authenticate(const IpHeader& header, const AhContent& ah, const Transform& transform);

// Whether the ICV of a packet with an AH behind its header verifies. Of `seq` the high half counts, with ESN.
bool is_authentic(const IpPacket& packet, const Transform& transform, std::uint64_t seq);

}  // namespace sallyport::driver::software
