// SPDX-License-Identifier: Apache-2.0
#include "driver/control/card_control.hpp"

#include <chrono>
#include <cstdio>
#include <numeric>
#include <thread>

namespace sallyport::driver {
namespace {

namespace reg = layout::reg;

constexpr std::uint32_t kEnable = 1U << 0;
constexpr std::uint32_t kWipe = 1U << 1;
constexpr std::uint32_t kPlainTags = 1U << 0;
constexpr std::uint16_t kMostVlan = 4094;  // 4095 is reserved (IEEE 802.1Q 9.6)
// Ours. Thousands of rows are microseconds on a card; a simulated one may be a thousand times slower.
constexpr auto kWipePatience = std::chrono::seconds(20);

std::string hex(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

}  // namespace

std::uint64_t CardCounters::dropped() const { return std::accumulate(drops.begin(), drops.end(), std::uint64_t{0}); }

Result<CardControl> CardControl::open(Card& card) {
  auto id = card.read(reg::kId);
  if (!id) return id.error();
  if (*id != layout::kCardId) {
    return Error{Errc::kUnsupported, card.description() + ": no Sallyport card (register id reads " + hex(*id) + ")"};
  }
  auto version = card.read(reg::kVersion);
  if (!version) return version.error();
  if (*version != layout::kLayoutVersion) {
    return Error{Errc::kUnsupported, card.description() + ": layout version " + std::to_string(*version) +
                                         ", and this driver speaks " + std::to_string(layout::kLayoutVersion) +
                                         "; load the xclbin that belongs to it"};
  }
  return CardControl(card);
}

Result<std::uint64_t> CardControl::wide(const layout::Register& run, unsigned i) {
  auto low = card_->read(run.at(2 * i));
  if (!low) return low.error();
  auto high = card_->read(run.at(2 * i + 1));
  if (!high) return high.error();
  return std::uint64_t{*high} << 32 | *low;
}

Result<CardStatus> CardControl::status() {
  CardStatus status;
  auto control = card_->read(reg::kControl);
  if (!control) return control.error();
  status.enabled = (*control & kEnable) != 0;
  auto generation = card_->read(reg::kGeneration);
  if (!generation) return generation.error();
  status.generation = *generation;
  for (unsigned bank = 0; bank < status.in_flight.size(); ++bank) {
    auto inside = card_->read(reg::kInFlight.at(bank));
    if (!inside) return inside.error();
    status.in_flight[bank] = *inside;
  }
  auto clock = wide(reg::kClock, 0);
  if (!clock) return clock.error();
  status.clock = *clock;
  for (unsigned i = 0; i < status.cookie.size(); ++i) {
    auto word = card_->read(reg::kCookie.at(i));
    if (!word) return word.error();
    status.cookie[i] = *word;
  }
  return status;
}

Result<CardCounters> CardControl::counters() {
  CardCounters all;
  for (unsigned i = 0; i < all.counters.size(); ++i) {
    auto value = wide(reg::kCounters, i);
    if (!value) return value.error();
    all.counters[i] = *value;
  }
  for (unsigned i = 0; i < all.drops.size(); ++i) {
    auto value = wide(reg::kDropCounters, i);
    if (!value) return value.error();
    all.drops[i] = *value;
  }
  return all;
}

Result<void> CardControl::enable(bool on) { return card_->write(reg::kControl, on ? kEnable : 0); }

Result<void> CardControl::set_mac(layout::Port port, const MacAddress& mac) {
  if (port == layout::Port::kHost) return Error{Errc::kInvalid, "the host port has no MAC address"};
  const layout::Register& registers = port == layout::Port::kLan ? reg::kLanMac : reg::kWanMac;
  const std::uint64_t value = number_of(mac);
  if (auto r = card_->write(registers.at(0), static_cast<std::uint32_t>(value)); !r) return r;
  return card_->write(registers.at(1), static_cast<std::uint32_t>(value >> 32));
}

Result<void> CardControl::set_vlan(layout::Port port, std::uint16_t vlan) {
  if (port == layout::Port::kHost) return Error{Errc::kInvalid, "the host port has no VLAN"};
  if (vlan > kMostVlan) {
    return Error{Errc::kInvalid, "VLAN " + std::to_string(vlan) + ": must be 1 to 4094, or 0 for none"};
  }
  return card_->write(port == layout::Port::kLan ? reg::kLanVlan : reg::kWanVlan, vlan);
}

Result<void> CardControl::accept_plain_tags(bool on) { return card_->write(reg::kPlainTags, on ? kPlainTags : 0); }

Result<void> CardControl::set_cookie(const Cookie& cookie) {
  for (unsigned i = 0; i < cookie.size(); ++i) {
    if (auto r = card_->write(reg::kCookie.at(i), cookie[i]); !r) return r;
  }
  return {};
}

Result<std::uint32_t> CardControl::hash_seed() { return card_->read(reg::kHashSeed); }
Result<void> CardControl::set_hash_seed(std::uint32_t seed) { return card_->write(reg::kHashSeed, seed); }

Result<void> CardControl::wipe_sas() {
  auto control = card_->read(reg::kControl);
  if (!control) return control.error();
  if (auto r = card_->write(reg::kControl, *control | kWipe); !r) return r;
  const auto end = std::chrono::steady_clock::now() + kWipePatience;
  for (;;) {
    auto now = card_->read(reg::kControl);
    if (!now) return now.error();
    if ((*now & kWipe) == 0) return {};
    if (std::chrono::steady_clock::now() > end) {
      return Error{Errc::kTimeout, "the card did not finish wiping its SAs; it may need a reset"};
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace sallyport::driver
