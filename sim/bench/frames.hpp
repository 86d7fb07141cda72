// SPDX-License-Identifier: Apache-2.0
// Frames to offer to a card and to recognise when they come out again.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "driver/linux_port/packet_port.hpp"
#include "driver/sa/sa_table.hpp"

namespace sallyport::bench {

using driver::MacAddress;

constexpr std::size_t kEthernetHeaderBytes = 14;
constexpr std::size_t kLeastNumberedFrame = 14 + 20 + 8 + 8;  // Ethernet, IPv4, UDP, number

// Addresses are numbers: 192.0.2.1 is 0xC0000201.
struct FlowAddresses {
  MacAddress source_mac{};
  MacAddress destination_mac{};
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
};

// An IPv4/UDP frame of `length` bytes (at least kLeastNumberedFrame, without FCS) that carries `number`; the rest of
// its payload is derived from the number, so that whole() can tell a damaged one.
Buffer numbered_frame(const FlowAddresses& flow, std::size_t length, std::uint64_t number);

// The shortest packet that can be tunnelled and still be told from others: an IPv4 header of protocol 253 (RFC 3692,
// for experiments) and nothing behind; the number is its identification. 34 bytes of frame.
Buffer smallest_frame(const FlowAddresses& flow, std::uint16_t number);

// The number of an IPv4 packet made by numbered_frame(), if it arrived undamaged but for its TTL.
std::optional<std::uint64_t> number_of(Bytes packet);

// One direction of an ESP SA in tunnel mode, for making and reading what the other gateway would.
struct EspSa {
  std::uint32_t spi = 0;
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  driver::SaProtection protection{};
  bool esn = false;  // numbers begin at 1, so the high half is 0
};

// The frame that a gateway sends for an inner IPv4 packet under sequence number `seq`.
Buffer esp_frame(const EspSa& sa, const MacAddress& source_mac, const MacAddress& destination_mac, std::uint64_t seq,
                 Bytes packet);

// SPI and low 32 bits of the sequence number of an ESP frame; nothing when it is none.
struct EspHeader {
  std::uint32_t spi = 0;
  std::uint32_t seq = 0;
};
std::optional<EspHeader> esp_header(Bytes frame);

// The inner packet of an ESP frame whose ICV verifies and whose trailer is sound; with ESN, of the first 2^32.
std::optional<Buffer> open_esp_frame(const EspSa& sa, Bytes frame);

}  // namespace sallyport::bench
