// SPDX-License-Identifier: Apache-2.0
// A random gateway for a card: addresses, users, SPD, routes, SAs; and random traffic that meets all of it.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "base/bytes.hpp"
#include "driver/tables/route_compiler.hpp"
#include "driver/tables/spd_compiler.hpp"
#include "hw/layout/row.hpp"

namespace sallyport::tests {

constexpr driver::MacAddress kLanMac = {2, 0, 0, 0, 0, 1};
constexpr driver::MacAddress kWanMac = {2, 0, 0, 0, 0, 2};
constexpr std::uint32_t kHashSeed = 0x5eed1234;

// An SA as the peer at its other end knows it too.
struct RandomSa {
  unsigned row = 0;
  layout::Row key;
  layout::Row integrity_key;
  layout::Row sa;
  std::uint64_t sent = 0;  // inbound: last sequence number the peer used
};

class RandomWorld {
 public:
  explicit RandomWorld(unsigned seed);

  // Rules, routes, neighbours and users, for the next generation. SAs stay.
  [[nodiscard]] driver::TableImage next_tables();
  [[nodiscard]] const std::vector<RandomSa>& outbound() const { return outbound_; }
  [[nodiscard]] const std::vector<RandomSa>& inbound() const { return inbound_; }

  Buffer lan_frame();
  Buffer wan_frame();
  // One frame at a time is inside the card. Otherwise nothing comes whose outcome depends on what else is inside: a
  // packet about to fall out of the anti-replay window may be a duplicate or too old, and with ESN (RFC 4303 A2.2) of
  // this 2^32 or of the next.
  void set_alone(bool alone) { alone_ = alone; }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  std::uint32_t pick(const std::vector<std::uint32_t>& of) { return of[random_() % of.size()]; }
  Buffer bytes(std::size_t n);
  std::size_t payload_size();
  driver::SpdRule random_rule(bool outbound);
  Buffer packet(std::uint32_t source, std::uint32_t destination);
  Buffer packet_with(std::uint32_t source, std::uint32_t destination, unsigned protocol, Bytes payload, bool sound);
  Buffer frame(const driver::MacAddress& destination, Bytes packet);
  Buffer esp_packet(RandomSa& sa, Bytes inner);

  // 32 bits, in a type of 32 bits.
  struct Random {
    std::mt19937 generator;
    std::uint32_t operator()() { return static_cast<std::uint32_t>(generator()); }
  };

  Random random_;
  bool alone_ = false;
  std::vector<RandomSa> outbound_;
  std::vector<RandomSa> inbound_;
};

}  // namespace sallyport::tests
