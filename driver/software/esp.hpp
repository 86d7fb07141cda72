// SPDX-License-Identifier: Apache-2.0
// ESP in tunnel mode, as packets (RFC 4303, RFC 3948).
#pragma once

#include "driver/software/esp_transform.hpp"
#include "driver/software/ipv4.hpp"

namespace sallyport::driver::software {

constexpr std::uint16_t kEspUdpPort = 4500;  // RFC 3948 2.1
constexpr std::size_t kUdpBytes = 8;

// Of the packet that encapsulate() makes.
std::size_t outer_total(const layout::Row& sa_out, const EspTransform& transform, std::size_t inner_total);

// The outer IPv4 packet around `inner`, whose TTL is decremented, under a row of sa_out.
Buffer encapsulate(const Ipv4Packet& inner, const layout::Row& sa_out, const EspTransform& transform,
                   std::uint64_t seq);

// The ESP packet (SPI to ICV) within what came from WAN.
struct EspPacket {
  Bytes bytes;
  bool encap = false;  // it came in UDP

  [[nodiscard]] std::uint32_t spi() const { return ByteReader(bytes).u32(); }
  [[nodiscard]] std::uint32_t seq_low() const { return ByteReader(bytes.subspan(4)).u32(); }
};

}  // namespace sallyport::driver::software
