// SPDX-License-Identifier: Apache-2.0
// Host memory as a simulated or software card reaches it.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace sallyport::driver {

class HostBus {
 public:
  virtual ~HostBus() = default;
  // `address` is HostMemory::address() and what lies behind it. False when not all of it is host memory, or nobody is
  // there to serve it.
  virtual bool read(std::uint64_t address, std::span<std::uint8_t> to) = 0;
  virtual bool write(std::uint64_t address, Bytes from) = 0;
};

}  // namespace sallyport::driver
