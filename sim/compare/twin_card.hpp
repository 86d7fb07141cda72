// SPDX-License-Identifier: Apache-2.0
// The Verilated card and the software card side by side: what one is told, the other is told.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "driver/rings/rings.hpp"
#include "driver/software/software_card.hpp"
#include "sim/direct/direct_card.hpp"

namespace sallyport::sim {

// Of each ring. More than a round's messages, so that a ring is full only where that is asked for.
inline constexpr unsigned kRingSlots = 128;

// Everything a card gave out.
struct Output {
  std::vector<std::pair<layout::Port, Buffer>> frames;  // in the order of each port
  std::vector<driver::Message> messages;                // in the ring's order
};

// A driver writes registers of both and reads the Verilated one's. Both see the same host memory. A flip reaches the
// Verilated card at once and the software card when flip_software() says so: only then is it known which packets were
// admitted before.
class TwinCard : public driver::Card {
 public:
  explicit TwinCard(std::uint64_t seed);

  // Rings of both, both ways.
  Result<void> start_rings();
  // From the host, to both.
  Result<void> inject(layout::Inject where, Bytes frame, std::optional<std::uint16_t> sender);

  Result<std::uint32_t> read(const layout::Register& reg) override { return rtl_.read(reg); }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override;
  Result<std::unique_ptr<driver::HostMemory>> allocate(std::size_t size) override { return rtl_.allocate(size); }
  std::string description() const override { return "Verilated and software card"; }

  void flip_software();

  [[nodiscard]] Platform& platform() { return rtl_.platform(); }
  [[nodiscard]] driver::SoftwareCard& software() { return software_; }
  // A 64-bit counter register of both: Verilated, software.
  std::pair<std::uint64_t, std::uint64_t> counters(const layout::Register& reg, unsigned number);

  // What came out since the last call.
  Result<Output> rtl_output();
  Result<Output> software_output();

 private:
  // The software card with the shared memory, for its ring.
  class SoftwareSide : public driver::Card {
   public:
    explicit SoftwareSide(TwinCard& twin) : twin_(twin) {}
    Result<std::uint32_t> read(const layout::Register& reg) override { return twin_.software_.read(reg); }
    Result<void> write(const layout::Register& reg, std::uint32_t value) override {
      return twin_.software_.write(reg, value);
    }
    Result<std::unique_ptr<driver::HostMemory>> allocate(std::size_t size) override { return twin_.allocate(size); }
    std::string description() const override { return "software card"; }

   private:
    TwinCard& twin_;
  };

  DirectCard rtl_;
  Output rtl_output_;
  Output software_output_;
  driver::SoftwareCard software_;
  SoftwareSide software_side_{*this};
  std::optional<std::uint32_t> flip_;  // that the software card has not seen
  std::optional<driver::RxRing> rtl_ring_;
  std::optional<driver::RxRing> software_ring_;
  std::optional<driver::TxRing> rtl_sent_;
  std::optional<driver::TxRing> software_sent_;
};

}  // namespace sallyport::sim
