// SPDX-License-Identifier: Apache-2.0
// What the xclbin and the driver must agree on.
#pragma once

#include <cstdint>

namespace sallyport::driver::xrt_names {

constexpr char kKernel[] = "sallyport_card";
constexpr char kInstance[] = "sallyport_card_1";
constexpr std::uint64_t kRegisterBase = 0x800000;          // of the card's registers in the platform's address map
constexpr std::uint32_t kRegisterRange = 0x1000;           // bytes
constexpr unsigned kHostBank = 0;                          // index in MEM_TOPOLOGY of the bank that is host memory
constexpr std::uint64_t kHostBase = 0x2000000000;          // the card's address of the first byte of that bank
constexpr std::uint64_t kHostSize = 256ULL * 1024 * 1024;  // bytes

}  // namespace sallyport::driver::xrt_names
