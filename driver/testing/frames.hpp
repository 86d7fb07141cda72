// SPDX-License-Identifier: Apache-2.0
// For tests: the frames that neighbours of a card send.
#pragma once

#include "driver/ipv4/ipv4.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::driver::testing {

inline Buffer ethernet_frame(const MacAddress& destination, const MacAddress& source, std::uint16_t ethertype,
                             Bytes content) {
  return ByteWriter().bytes(destination).bytes(source).u16(ethertype).bytes(content).take();
}

// UDP from port 1000 to 2000 with a payload of `payload` bytes.
inline Buffer udp_packet(std::uint32_t source, std::uint32_t destination, std::size_t payload = 4, bool df = false) {
  ByteWriter w;
  w.u8(0x45)
      .u8(0)
      .u16(static_cast<std::uint16_t>(28 + payload))
      .u16(0)
      .u16(df ? 0x4000 : 0)
      .u8(64)
      .u8(kProtocolUdp)
      .u16(0);
  w.u32(source).u32(destination);
  w.patch_u16(10, internet_checksum(w.view()));
  w.u16(1000).u16(2000).u16(static_cast<std::uint16_t>(8 + payload)).u16(0).zeros(payload);
  return w.take();
}

}  // namespace sallyport::driver::testing
