// SPDX-License-Identifier: Apache-2.0
// What concerns a card as a whole: is it one, is it enabled, whose is it, what has it counted.
#pragma once

#include <array>
#include <cstdint>

#include "driver/card.hpp"
#include "driver/mac_address.hpp"

namespace sallyport::driver {

// Kept by the card until its reset. All zero after reset; a daemon writes a number of its own there, and knows its card
// by it when it comes back.
using Cookie = std::array<std::uint32_t, 4>;

// By layout::Counter and layout::Drop; names and meanings are in layout::kCounterNames and layout::kDrops.
struct CardCounters {
  std::array<std::uint64_t, layout::kCounterCount> counters{};
  std::array<std::uint64_t, layout::kDropReasons> drops{};

  [[nodiscard]] std::uint64_t of(layout::Counter c) const { return counters[static_cast<unsigned>(c)]; }
  [[nodiscard]] std::uint64_t of(layout::Drop d) const { return drops[static_cast<unsigned>(d)]; }
  [[nodiscard]] std::uint64_t dropped() const;  // under all reasons
};

struct CardStatus {
  bool enabled = false;
  std::uint32_t generation = 0;
  std::array<std::uint32_t, 2> in_flight{};  // packets inside, by bank
  std::uint64_t clock = 0;                   // since reset
  Cookie cookie{};
};

class CardControl {
 public:
  // kUnsupported when it is no Sallyport card, or one of another layout version. Changes nothing. The card outlives it.
  static Result<CardControl> open(Card& card);

  Result<CardStatus> status();
  Result<CardCounters> counters();

  // Disabled, the card drops every packet that it receives, and counts it.
  Result<void> enable(bool on);
  Result<void> set_mac(layout::Port port, const MacAddress& mac);  // LAN or WAN
  // 1 to 4094: the VLAN that the port's frames carry a tag of; 0: none, they are untagged.
  Result<void> set_vlan(layout::Port port, std::uint16_t vlan);  // LAN or WAN
  // Whether a user's tag without a check is accepted too; after a reset it is not.
  Result<void> accept_plain_tags(bool on);
  Result<void> set_cookie(const Cookie& cookie);

  // How the addresses of users are hashed. It holds for both banks at once, so it is written before the first
  // principal.
  Result<std::uint32_t> hash_seed();
  Result<void> set_hash_seed(std::uint32_t seed);

  // Zeroes all SAs, their keys and those of tags, and waits until it is done. For a card whose SAs nobody knows any
  // more.
  Result<void> wipe_sas();

 private:
  explicit CardControl(Card& card) : card_(&card) {}

  // Registers 2i and 2i+1 of a run: the low half is read first and holds the high one.
  Result<std::uint64_t> wide(const layout::Register& run, unsigned i);

  Card* card_;
};

}  // namespace sallyport::driver
