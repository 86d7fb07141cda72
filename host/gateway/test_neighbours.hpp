// SPDX-License-Identifier: Apache-2.0
// For tests: what passes between neighbours on a link, and their answers.
#pragma once

#include "driver/testing/frames.hpp"
#include "host/gateway/forwarding.hpp"
#include "host/gateway/ip_frames.hpp"

namespace sallyport::gateway {

// RFC 4443 2.3: `message` with its checksum, which is zero so far.
inline Buffer icmpv6_packet(const driver::IpHeader& header, ByteWriter message) {
  ByteWriter summed;
  summed.u64(header.source.high).u64(header.source.low).u64(header.destination.high).u64(header.destination.low);
  summed.u32(static_cast<std::uint32_t>(message.size())).u32(driver::kProtocolIcmpv6).bytes(message.view());
  message.patch_u16(2, driver::internet_checksum(summed.view()));
  return driver::write_ip(header, driver::kProtocolIcmpv6, message.view());
}

// RFC 4861 4.4: who was asked for says its MAC address. Empty: this was no question.
inline Buffer neighbour_advertisement(Bytes frame, const driver::MacAddress& mac) {
  constexpr std::uint8_t kSolicitation = 135, kAdvertisement = 136;
  const auto asked = ip_packet(frame);
  if (!asked || !is_neighbour_discovery(*asked) || asked->payload()[0] != kSolicitation) return {};
  if (asked->source == driver::Address()) return {};  // somebody looks for duplicates
  ByteReader target(asked->payload().subspan(8, 16));
  driver::IpHeader header;
  header.ipv6 = true;
  header.ttl = 255;
  const std::uint64_t high = target.u64();
  header.source = {high, target.u64()};
  header.destination = asked->source;
  ByteWriter icmp;
  icmp.u8(kAdvertisement).u8(0).u16(0).u32(0x60000000).u64(header.source.high).u64(header.source.low);
  icmp.u8(2).u8(1).bytes(mac);
  return driver::testing::ethernet_frame({frame[6], frame[7], frame[8], frame[9], frame[10], frame[11]}, mac,
                                         driver::kEthertypeIpv6, icmpv6_packet(header, std::move(icmp)));
}

// The same of either version: who was asked for, by ARP or neighbour discovery, says its MAC address.
inline Buffer neighbours_answer(Bytes frame, const driver::MacAddress& mac) {
  return driver::testing::is_arp_request(frame) ? driver::testing::arp_answer(frame, mac)
                                                : neighbour_advertisement(frame, mac);
}

// Whether it is for neighbours alone, and no packet that was forwarded.
inline bool stays_on_link(Bytes frame) {
  const auto packet = ip_packet(frame);
  if (packet) return is_neighbour_discovery(*packet) || is_link_scope(packet->destination);
  return ByteReader(frame.subspan(12)).u16() == driver::kEthertypeArp;
}

}  // namespace sallyport::gateway
