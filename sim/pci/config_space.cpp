// SPDX-License-Identifier: Apache-2.0
#include "sim/pci/config_space.hpp"

#include <cstdio>

#include "driver/discovery/models.hpp"

namespace sallyport::sim {
namespace {

using Space = std::array<std::uint8_t, kConfigBytes>;

void put(Space& space, std::size_t at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) space[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

constexpr std::size_t kExpress = 0x40;  // PCI Express capability (PCI Express Base 7.5.3)
constexpr std::size_t kAer = 0x100;     // first extended capability
constexpr std::uint64_t kBar0 = 0x380000000000;
constexpr unsigned kGen3 = 3;
constexpr unsigned kLanes = 16;

}  // namespace

std::array<std::uint8_t, kConfigBytes> config_space() {
  Space space{};
  put(space, 0x00, driver::kModels[0].vendor, 2);
  put(space, 0x02, driver::kModels[0].device, 2);
  put(space, 0x04, 0x0006, 2);       // command: memory space, bus master
  put(space, 0x06, 0x0010, 2);       // status: has a capability list
  put(space, 0x09, 0x120000, 3);     // class: processing accelerator
  put(space, 0x10, kBar0 | 0xc, 8);  // memory, 64 bits, prefetchable
  put(space, 0x2c, driver::kXilinx, 2);
  put(space, 0x2e, 0x000e, 2);
  put(space, 0x34, kExpress, 1);
  put(space, kExpress + 0x00, 0x10, 1);                 // PCI Express
  put(space, kExpress + 0x02, 0x0002, 2);               // version 2, endpoint
  put(space, kExpress + 0x0c, kGen3 | kLanes << 4, 4);  // link capabilities
  put(space, kExpress + 0x12, kGen3 | kLanes << 4, 2);  // link status
  put(space, kAer, 0x0001 | 1 << 16, 4);                // AER, version 1, last in the list
  return space;
}

std::string config_dump(const std::string& slot) {
  const Space space = config_space();
  std::string text = slot + " Processing accelerators: Sallyport, simulated\n";
  for (std::size_t row = 0; row < kConfigBytes; row += 16) {
    char part[8];
    std::snprintf(part, sizeof part, "%02zx:", row);
    text += part;
    for (std::size_t i = row; i < row + 16; ++i) {
      std::snprintf(part, sizeof part, " %02x", space[i]);
      text += part;
    }
    text += '\n';
  }
  return text + '\n';
}

}  // namespace sallyport::sim
