// SPDX-License-Identifier: Apache-2.0
#include "driver/software/ah.hpp"

#include <algorithm>

#include "base/secret.hpp"
#include "driver/software/mutable_extras.hpp"

namespace sallyport::driver::software {
namespace {

// RFC 4302 3.3.3.1: what may change on the way is taken as zero, and so is the ICV. `header` is the packet's.
Buffer as_the_icv_sees_it(Bytes packet, const IpHeader& header, std::size_t icv_bytes) {
  Buffer seen(packet.begin(), packet.end());
  const auto zero = [&](std::size_t at, std::size_t n) {
    std::fill_n(seen.begin() + static_cast<std::ptrdiff_t>(at), n, std::uint8_t{0});
  };
  if (header.ipv6) {
    seen[0] &= 0xf0;  // traffic class and flow label follow the version
    zero(1, 3);
    zero(7, 1);  // hop limit
  } else {
    zero(1, 1);   // TOS
    zero(6, 2);   // flags, offset
    zero(8, 1);   // TTL
    zero(10, 2);  // checksum
  }
  zero_mutable_extras(std::span(seen).subspan(header.plain_bytes(), header.extras.size()), header);
  zero(header.header_bytes() + kAhFixedBytes, icv_bytes);
  return seen;
}

}  // namespace

std::size_t ah_bytes(const Transform& transform, bool align8) {
  const std::size_t alignment = align8 ? 8 : 4;
  return (kAhFixedBytes + transform.icv_bytes() + alignment - 1) / alignment * alignment;
}

Buffer authenticate(const IpHeader& header, const AhContent& ah, const Transform& transform) {
  ByteWriter w;
  w.u8(ah.next_header).u8(static_cast<std::uint8_t>(ah.ah_bytes / 4 - 2)).u16(0);
  w.u32(ah.spi).u32(static_cast<std::uint32_t>(ah.seq));
  w.zeros(ah.ah_bytes - kAhFixedBytes).bytes(ah.content);
  Buffer packet = write_ip(header, kProtocolAh, w.view());
  const Buffer icv = transform.hmac(as_the_icv_sees_it(packet, header, transform.icv_bytes()), ah.seq);
  std::copy(icv.begin(), icv.end(),
            packet.begin() + static_cast<std::ptrdiff_t>(header.header_bytes() + kAhFixedBytes));
  return packet;
}

bool is_authentic(const IpPacket& packet, const Transform& transform, std::uint64_t seq) {
  const Bytes icv = packet.payload().subspan(kAhFixedBytes, transform.icv_bytes());
  return equal_constant_time(transform.hmac(as_the_icv_sees_it(packet.bytes, packet, icv.size()), seq), icv);
}

}  // namespace sallyport::driver::software
