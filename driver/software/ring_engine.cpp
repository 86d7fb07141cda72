// SPDX-License-Identifier: Apache-2.0
#include "driver/software/ring_engine.hpp"

#include <algorithm>
#include <bit>

namespace sallyport::driver::software {
namespace {

constexpr std::uint32_t kMostSlots = 4096;

}  // namespace

void RingRegisters::start(std::uint32_t slots_written) {
  slots = std::has_single_bit(slots_written) && slots_written <= kMostSlots ? slots_written : 0;
  producer = 0;
  consumer = 0;
}

std::uint64_t RingRegisters::slot_address(std::uint32_t number) const {
  return address + std::uint64_t{number % slots} * layout::kSlotBytes;
}

bool put_into_ring(const PlainMemory& memory, RingRegisters& ring, const Notice& notice, Bytes frame,
                   std::uint64_t clock) {
  if (ring.slots == 0 || ring.producer - ring.consumer >= ring.slots) return false;
  const auto slot = memory.at(ring.slot_address(ring.producer), layout::kRowBytes + frame.size());
  if (slot.empty()) return false;

  namespace d = layout::rx_descriptor;
  layout::Row descriptor;
  descriptor.set(d::kNumber, ++ring.producer);
  descriptor.set(d::kLength, frame.size());
  descriptor.set(d::kUpcall, static_cast<std::uint64_t>(notice.upcall));
  descriptor.set(d::kPort, static_cast<std::uint64_t>(notice.port));
  descriptor.set(d::kGeneration, notice.generation);
  descriptor.set(d::kSpi, notice.spi);
  descriptor.set(d::kSaIndex, notice.sa_index);
  descriptor.set(d::kPolicyId, notice.policy_id);
  descriptor.set(d::kPrincipal, notice.principal);
  descriptor.set(d::kOutbound, notice.outbound ? 1 : 0);
  descriptor.set(d::kDecapsulated, notice.decapsulated ? 1 : 0);
  descriptor.set(d::kSource, notice.source);
  descriptor.set(d::kClock, clock);
  std::copy(frame.begin(), frame.end(), slot.begin() + layout::kRowBytes);
  std::copy(descriptor.bytes().begin(), descriptor.bytes().end(), slot.begin());
  return true;
}

std::optional<HostFrame> take_from_ring(const PlainMemory& memory, RingRegisters& ring) {
  const std::uint32_t waiting = ring.producer - ring.consumer;
  if (ring.slots == 0 || waiting == 0 || waiting > ring.slots) return std::nullopt;
  const auto slot = memory.at(ring.slot_address(ring.consumer), layout::kSlotBytes);
  if (slot.empty()) return std::nullopt;
  ++ring.consumer;

  layout::Row descriptor;
  std::copy_n(slot.begin(), layout::kRowBytes, descriptor.bytes().begin());
  HostFrame host_frame{static_cast<unsigned>(descriptor.get(layout::tx_descriptor::kInject)), {}};
  const std::size_t length = descriptor.get(layout::tx_descriptor::kLength);
  if (length >= kEthernetBytes && length <= layout::kMaxFrame) {
    const Bytes frame = slot.subspan(layout::kRowBytes, length);
    host_frame.frame.assign(frame.begin(), frame.end());
  }
  return host_frame;
}

}  // namespace sallyport::driver::software
