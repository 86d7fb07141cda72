// SPDX-License-Identifier: Apache-2.0
// The card's end of the two rings in host memory (hw/layout/descriptors.hpp).
#pragma once

#include <optional>

#include "driver/host_bus.hpp"
#include "driver/software/datapath.hpp"

namespace sallyport::driver::software {

// Number, place and consumer of a ring's slots, as its registers say.
struct RingRegisters {
  std::uint64_t address = 0;
  std::uint32_t slots = 0;     // 0: stopped
  std::uint32_t producer = 0;  // free-running
  std::uint32_t consumer = 0;

  // A write of the slots register: anew at slot 0; a number that is no power of two up to 4096 stops the ring.
  void start(std::uint32_t slots_written);
  [[nodiscard]] std::uint64_t slot_address(std::uint32_t number) const;
};

// Puts a frame (or, empty, an event) into the card-to-host ring. False: full or stopped.
bool put_into_ring(HostBus& memory, RingRegisters& ring, const Notice& notice, Bytes frame, std::uint64_t clock);

struct HostFrame {
  unsigned inject;                         // as written: may be no Inject
  std::optional<std::uint16_t> principal;  // who sent it, when the host says so
  Buffer frame;                            // empty when its length is none of a frame
};
// Takes the next frame from the host-to-card ring, if there is one.
std::optional<HostFrame> take_from_ring(HostBus& memory, RingRegisters& ring);

}  // namespace sallyport::driver::software
