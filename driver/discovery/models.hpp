// SPDX-License-Identifier: Apache-2.0
// The cards Sallyport runs on, by the PCI identity of the function that XRT's user driver binds.
#pragma once

#include <cstdint>

namespace sallyport::driver {

struct Model {
  std::uint16_t vendor;
  std::uint16_t device;
  const char* name;
};

constexpr std::uint16_t kXilinx = 0x10ee;
constexpr Model kModels[] = {
    {kXilinx, 0x505d, "Alveo U55C"},
};

}  // namespace sallyport::driver
