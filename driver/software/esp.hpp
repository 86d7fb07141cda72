// SPDX-License-Identifier: Apache-2.0
// ESP in tunnel mode with AES-GCM, as bytes (RFC 4303, RFC 4106, RFC 3948).
#pragma once

#include <optional>

#include "driver/ipv4/ipv4.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::driver::software {

constexpr std::uint16_t kEspUdpPort = 4500;  // RFC 3948 2.1
constexpr std::size_t kUdpBytes = 8;
constexpr std::size_t kEspHeaderBytes = 8;  // SPI, sequence number
constexpr std::size_t kIvBytes = 8;
constexpr std::size_t kEspTrailerBytes = 2;  // pad length, next header

// Bytes of ciphertext of an inner packet: RFC 4303 2.4 pads to a multiple of 4.
constexpr std::size_t ciphertext_bytes(std::size_t inner_total) { return (inner_total + kEspTrailerBytes + 3) / 4 * 4; }
std::size_t outer_total(const layout::Row& sa_out, std::size_t inner_total);

// The outer IPv4 packet around `inner`, whose TTL is decremented, under a row of sa_out and its row of sa_out_key.
Buffer encapsulate(const Ipv4Packet& inner, const layout::Row& sa_out, const layout::Row& sa_key, std::uint64_t seq);

// The ESP packet (SPI to ICV) within what came from WAN.
struct EspPacket {
  Bytes bytes;
  bool encap = false;  // it came in UDP

  [[nodiscard]] std::uint32_t spi() const { return ByteReader(bytes).u32(); }
  [[nodiscard]] std::uint32_t seq_low() const { return ByteReader(bytes.subspan(4)).u32(); }
  [[nodiscard]] std::size_t ciphertext_bytes() const;
};

// Plaintext with padding and trailer, or nothing when the ICV does not verify. `esn`: the whole number is
// authenticated.
std::optional<Buffer> decrypt(const EspPacket& esp, const layout::Row& sa_key, std::uint64_t seq, bool esn);

}  // namespace sallyport::driver::software
