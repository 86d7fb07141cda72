// SPDX-License-Identifier: Apache-2.0
// Host memory of a card that is a program: ordinary memory under addresses that are nobody's but the card's.
#pragma once

#include <map>
#include <memory>

#include "driver/card.hpp"
#include "driver/host_bus.hpp"

namespace sallyport::driver::software {

class PlainMemory : public HostBus {
 public:
  // At least `size` bytes, zeroed; the card loses sight of it when it is freed. Outlives this object if need be.
  std::unique_ptr<HostMemory> allocate(std::size_t size);

  bool read(std::uint64_t address, std::span<std::uint8_t> to) override;
  bool write(std::uint64_t address, Bytes from) override;

 private:
  // The bytes an access touches; empty when any of them is not host memory.
  [[nodiscard]] std::span<std::uint8_t> at(std::uint64_t address, std::size_t size) const;

  using Regions = std::map<std::uint64_t, std::span<std::uint8_t>>;
  class Region;

  std::shared_ptr<Regions> regions_ = std::make_shared<Regions>();
  std::uint64_t next_ = 0x100000000;  // above 4 GiB, so that a driver that forgets the high half is found
};

}  // namespace sallyport::driver::software
