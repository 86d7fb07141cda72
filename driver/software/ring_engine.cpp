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

bool put_into_ring(HostBus& memory, RingRegisters& ring, const Notice& notice, Bytes frame, std::uint64_t clock) {
  if (ring.slots == 0 || ring.producer - ring.consumer >= ring.slots) return false;
  const std::uint64_t slot = ring.slot_address(ring.producer);
  if (!frame.empty() && !memory.write(slot + layout::kRowBytes, frame)) return false;

  namespace d = layout::rx_descriptor;
  layout::Row descriptor;
  descriptor.set(d::kNumber, ring.producer + 1);
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
  if (!memory.write(slot, descriptor.bytes())) return false;
  ++ring.producer;
  return true;
}

std::optional<HostFrame> take_from_ring(HostBus& memory, RingRegisters& ring) {
  const std::uint32_t waiting = ring.producer - ring.consumer;
  if (ring.slots == 0 || waiting == 0 || waiting > ring.slots) return std::nullopt;
  const std::uint64_t slot = ring.slot_address(ring.consumer);
  layout::Row descriptor;
  if (!memory.read(slot, descriptor.bytes())) return std::nullopt;
  HostFrame host_frame{static_cast<unsigned>(descriptor.get(layout::tx_descriptor::kInject)), std::nullopt, {}};
  if (descriptor.get(layout::tx_descriptor::kKnown) != 0) {
    host_frame.principal = static_cast<std::uint16_t>(descriptor.get(layout::tx_descriptor::kPrincipal));
  }
  const std::size_t length = descriptor.get(layout::tx_descriptor::kLength);
  if (length >= kEthernetBytes && length <= layout::kMaxFrame) {
    host_frame.frame.resize(length);
    if (!memory.read(slot + layout::kRowBytes, host_frame.frame)) return std::nullopt;
  }
  ++ring.consumer;
  return host_frame;
}

}  // namespace sallyport::driver::software
