// SPDX-License-Identifier: Apache-2.0
// The edge between software and a card. A backend implements it over XRT, over the Verilated model in this process or
// over the software card; everything above is the same code.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "hw/layout/registers.hpp"

namespace sallyport::driver {

// Memory that both the host and the card read and write: rings, table loads. Freed by its destructor; the card must
// have been told to stop using it before.
class HostMemory {
 public:
  virtual ~HostMemory() = default;
  [[nodiscard]] virtual std::span<std::uint8_t> bytes() = 0;
  [[nodiscard]] virtual std::uint64_t address() const = 0;  // as the card sees it; a multiple of 4096
};

// Registers are 32 bits. A backend may be called from one thread at a time.
class Card {
 public:
  virtual ~Card() = default;
  [[nodiscard]] virtual Result<std::uint32_t> read(const layout::Register& reg) = 0;
  [[nodiscard]] virtual Result<void> write(const layout::Register& reg, std::uint32_t value) = 0;
  // At least `size` bytes, zeroed.
  [[nodiscard]] virtual Result<std::unique_ptr<HostMemory>> allocate(std::size_t size) = 0;
  // One line for a person: "xrt hw_emu, device 0, sallyport.xclbin".
  [[nodiscard]] virtual std::string description() const = 0;
};

}  // namespace sallyport::driver
