// SPDX-License-Identifier: Apache-2.0
// A random gateway for a card: addresses, users and their tags, SPD, routes, SAs, VLANs; and random traffic that meets
// all of it.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "base/bytes.hpp"
#include "driver/ip/ip.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "driver/user_tag/user_tag.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::tests {

using layout::Address;

constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 0, 1};
constexpr driver::MacAddress kWanMac = {2, 0, 0, 0, 0, 2};
constexpr std::uint32_t kHashSeed = 0x5eed1234;

// An SA as the peer at its other end knows it too.
struct RandomSa {
  unsigned row = 0;
  layout::Row key;
  layout::Row integrity_key;
  layout::Row limits;
  layout::Row sa;
  std::uint64_t sent = 0;  // inbound: last sequence number the peer used
};

// A session whose packets carry a tag.
struct RandomSession {
  std::uint32_t handle = 0;
  Buffer key;
  layout::Row row;  // of tag_key
};

class RandomWorld {
 public:
  explicit RandomWorld(unsigned seed);

  // Rules, routes, neighbours and users, for the next generation. SAs stay.
  [[nodiscard]] driver::TableImage next_tables();
  [[nodiscard]] const std::vector<RandomSa>& outbound() const { return outbound_; }
  [[nodiscard]] const std::vector<RandomSa>& inbound() const { return inbound_; }
  [[nodiscard]] const std::vector<RandomSession>& sessions() const { return sessions_; }
  [[nodiscard]] bool plain_tags() const { return plain_tags_; }
  [[nodiscard]] std::uint16_t vlan(layout::Port port) const { return vlans_[port == layout::Port::kWan ? 1 : 0]; }

  // Without VLAN tag.
  Buffer lan_frame();
  Buffer wan_frame();
  // A frame as it comes to a port: with its VLAN's tag, when it has one; or, now and then, with another.
  Buffer on_wire(layout::Port port, Bytes frame);
  // One frame at a time is inside the card. Otherwise nothing comes whose outcome depends on what else is inside: a
  // packet about to fall out of the anti-replay window may be a duplicate or too old, and with ESN (RFC 4303 A2.2) of
  // this 2^32 or of the next.
  void set_alone(bool alone) { alone_ = alone; }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  const Address& pick(const std::vector<Address>& of) { return of[random_() % of.size()]; }
  // Of the IP version of `like`.
  const Address& pick(const std::vector<Address>& of, const Address& like);
  Buffer bytes(std::size_t n);
  std::size_t payload_size();
  void draw_type(RandomSa& sa, const layout::Field& protocol);
  driver::SpdRule random_rule(bool outbound);
  std::uint8_t protocol() { return kProtocols[random_() % std::size(kProtocols)]; }
  Buffer payload();
  Buffer packet(const Address& source, const Address& destination);
  Buffer packet_with(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload,
                     bool sound);
  Buffer ipv4(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload, bool sound);
  Buffer ipv6(const Address& source, const Address& destination, std::uint8_t protocol, Bytes payload, bool sound);
  Buffer with_user_tag(Bytes packet, const Address& source, const Address& destination);
  Buffer frame(const driver::MacAddress& destination, Bytes packet);
  std::uint64_t next_seq(RandomSa& sa);
  Buffer esp(RandomSa& sa, std::uint8_t next_header, Bytes content);
  Buffer ah_packet(RandomSa& sa, const Address& peer, const Address& to, std::uint8_t next_header, Bytes content);
  Buffer protected_packet(RandomSa& sa);

  static constexpr std::uint8_t kProtocols[] = {1, 6, 17, 33, 50, 51, 58, 132};

  // 32 bits, in a type of 32 bits.
  struct Random {
    std::mt19937 generator;
    std::uint32_t operator()() { return static_cast<std::uint32_t>(generator()); }
  };

  Random random_;
  bool alone_ = false;
  std::uint16_t vlans_[2] = {0, 0};
  std::vector<RandomSa> outbound_;
  std::vector<RandomSa> inbound_;
  std::vector<RandomSession> sessions_;
  bool plain_tags_ = false;
};

}  // namespace sallyport::tests
