// SPDX-License-Identifier: Apache-2.0
// The Verilated card in this process, as a driver sees it: every register access advances the simulation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "driver/card.hpp"
#include "driver/software/plain_memory.hpp"
#include "sim/platform/platform.hpp"

namespace sallyport::sim {

// Between register accesses time stands still; whoever waits for packets or for a ring calls platform().run().
class DirectCard : public driver::Card {
 public:
  explicit DirectCard(const PlatformOptions& options = {}) : platform_(memory_, options) {}

  Result<std::uint32_t> read(const layout::Register& reg) override { return platform_.read(reg.offset); }
  Result<void> write(const layout::Register& reg, std::uint32_t value) override {
    return platform_.write(reg.offset, value);
  }
  Result<std::unique_ptr<driver::HostMemory>> allocate(std::size_t size) override { return memory_.allocate(size); }
  std::string description() const override { return "Verilated card in this process"; }

  [[nodiscard]] Platform& platform() { return platform_; }
  // The host memory of allocate(), for a second card that shall see the same.
  [[nodiscard]] driver::HostBus& memory() { return memory_; }

 private:
  driver::software::PlainMemory memory_;
  Platform platform_;
};

}  // namespace sallyport::sim
