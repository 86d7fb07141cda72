// SPDX-License-Identifier: Apache-2.0
// The software card's registers, in the order of hw/layout/registers.hpp.
#include "driver/software/software_card.hpp"

namespace sallyport::driver {

namespace reg = layout::reg;

namespace {

constexpr std::uint32_t kEnable = 1U << 0;
constexpr std::uint32_t kWipe = 1U << 1;
constexpr std::uint64_t kMacBits = 0xffffffffffff;
constexpr std::uint32_t kVlanBits = 0xfff;
constexpr std::uint32_t kPlainTags = 1U << 0;
constexpr std::uint32_t kOutboundState = 1U << 31;
// The card's planned clock, 322.265625 MHz: 330 clocks in 1024 ns.
constexpr std::uint64_t kClocks = 330;
constexpr std::uint64_t kClocksTime_ns = 1024;

bool within(std::uint32_t offset, const layout::Register& r) {
  return offset >= r.offset && offset < r.offset + 4 * r.count;
}
unsigned index_in(std::uint32_t offset, const layout::Register& r) { return (offset - r.offset) / 4; }

void set_half(std::uint64_t& value, unsigned half, std::uint32_t word) {
  value = half == 0 ? (value & ~std::uint64_t{0xffffffff}) | word : (value & 0xffffffff) | std::uint64_t{word} << 32;
}
std::uint32_t half_of(std::uint64_t value, unsigned half) { return static_cast<std::uint32_t>(value >> (32 * half)); }

}  // namespace

Result<std::uint32_t> SoftwareCard::read(const layout::Register& r) { return current(r.offset); }

std::uint32_t SoftwareCard::current(std::uint32_t offset) {
  const auto half = [&](std::uint64_t value, const layout::Register& r) { return half_of(value, index_in(offset, r)); };
  const auto counter = [&](const auto& counters, const layout::Register& r) {
    return half_and_hold(counters[index_in(offset, r) / 2], offset);
  };

  if (within(offset, reg::kCookie)) return cookie_[index_in(offset, reg::kCookie)];
  if (within(offset, reg::kClock)) return half_and_hold(clock(), offset);
  if (within(offset, reg::kLanMac)) return half(settings_.lan_mac, reg::kLanMac);
  if (within(offset, reg::kWanMac)) return half(settings_.wan_mac, reg::kWanMac);
  if (within(offset, reg::kLoadAddress)) return half(load_address_, reg::kLoadAddress);
  if (within(offset, reg::kRxAddress)) return half(rx_.address, reg::kRxAddress);
  if (within(offset, reg::kTxAddress)) return half(tx_.address, reg::kTxAddress);
  if (within(offset, reg::kSaState)) {
    return static_cast<std::uint32_t>(
        sa_state_.get({"word", 32 * index_in(offset, reg::kSaState), 32, "of the captured row"}));
  }
  if (within(offset, reg::kCounters)) return counter(counters_, reg::kCounters);
  if (within(offset, reg::kDropCounters)) return counter(drops_, reg::kDropCounters);
  switch (offset) {
    case reg::kId.offset:
      return layout::kCardId;
    case reg::kVersion.offset:
      return layout::kLayoutVersion;
    case reg::kControl.offset:
      return settings_.enabled ? kEnable : 0;
    case reg::kStatus.offset:
      return static_cast<std::uint32_t>(load_error_) << 8;
    case reg::kGeneration.offset:
      return generation_;
    case reg::kHashSeed.offset:
      return settings_.hash_seed;
    case reg::kLanVlan.offset:
      return settings_.lan_vlan;
    case reg::kWanVlan.offset:
      return settings_.wan_vlan;
    case reg::kPlainTags.offset:
      return settings_.plain_tags ? kPlainTags : 0;
    case reg::kLoadLength.offset:
      return load_length_;
    case reg::kLoadCount.offset:
      return load_count_;
    case reg::kRxSlots.offset:
      return rx_.slots;
    case reg::kRxConsumer.offset:
      return rx_.consumer;
    case reg::kRxProducer.offset:
      return rx_.producer;
    case reg::kTxSlots.offset:
      return tx_.slots;
    case reg::kTxProducer.offset:
      return tx_.producer;
    case reg::kTxConsumer.offset:
      return tx_.consumer;
    case reg::kSaStateSelect.offset:
      return sa_state_select_;
    case reg::kSaStateReady.offset:
      return 1;
    default:
      return 0;  // in_flight: nothing stays inside between two calls; and what is no register
  }
}

Result<void> SoftwareCard::write(const layout::Register& r, std::uint32_t value) {
  const std::uint32_t offset = r.offset;
  const auto set_wide = [&](std::uint64_t& wide, const layout::Register& of) {
    set_half(wide, index_in(offset, of), value);
  };
  if (within(offset, reg::kCookie)) cookie_[index_in(offset, reg::kCookie)] = value;
  if (within(offset, reg::kLanMac)) {
    set_wide(settings_.lan_mac, reg::kLanMac);
    settings_.lan_mac &= kMacBits;
  }
  if (within(offset, reg::kWanMac)) {
    set_wide(settings_.wan_mac, reg::kWanMac);
    settings_.wan_mac &= kMacBits;
  }
  if (within(offset, reg::kLoadAddress)) set_wide(load_address_, reg::kLoadAddress);
  if (within(offset, reg::kRxAddress)) set_wide(rx_.address, reg::kRxAddress);
  if (within(offset, reg::kTxAddress)) set_wide(tx_.address, reg::kTxAddress);
  switch (offset) {
    case reg::kControl.offset:
      settings_.enabled = (value & kEnable) != 0;
      if ((value & kWipe) != 0) wipe();
      break;
    case reg::kFlip.offset:
      if (value == generation_ + 1) ++generation_;
      break;
    case reg::kHashSeed.offset:
      settings_.hash_seed = value;
      break;
    case reg::kLanVlan.offset:
      settings_.lan_vlan = value & kVlanBits;
      break;
    case reg::kWanVlan.offset:
      settings_.wan_vlan = value & kVlanBits;
      break;
    case reg::kPlainTags.offset:
      settings_.plain_tags = (value & kPlainTags) != 0;
      break;
    case reg::kLoadLength.offset:
      load_length_ = value;
      load_tables();
      break;
    case reg::kRxSlots.offset:
      rx_.start(value);
      told_.clear();
      break;
    case reg::kRxConsumer.offset:
      rx_.consumer = value;
      std::erase_if(told_, [&](const auto& event) { return static_cast<std::int32_t>(value - event.second) > 0; });
      break;
    case reg::kTxSlots.offset:
      tx_.start(value);
      break;
    case reg::kTxProducer.offset:
      tx_.producer = value;
      serve_host();
      break;
    case reg::kSaStateSelect.offset: {
      sa_state_select_ = value;
      const unsigned sa_index = value % layout::kSaRows;
      sa_state_ = (value & kOutboundState) != 0 ? datapath_.outbound_row(sa_index) : datapath_.inbound_row(sa_index);
      break;
    }
    default:
      break;  // read only, or no register
  }
  return {};
}

Result<std::unique_ptr<HostMemory>> SoftwareCard::allocate(std::size_t size) { return memory_.allocate(size); }

// Of a 64-bit register: the low half, which is at a multiple of 8, or the high half as it was then.
std::uint32_t SoftwareCard::half_and_hold(std::uint64_t value, std::uint32_t offset) {
  if (offset % 8 != 0) return held_high_[offset - 4];
  held_high_[offset] = half_of(value, 1);
  return half_of(value, 0);
}

std::uint64_t SoftwareCard::clock() const {
  const auto elapsed = std::chrono::steady_clock::now() - reset_time_;
  const auto elapsed_ns =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  return elapsed_ns / kClocksTime_ns * kClocks + elapsed_ns % kClocksTime_ns * kClocks / kClocksTime_ns;
}

}  // namespace sallyport::driver
