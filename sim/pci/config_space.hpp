// SPDX-License-Identifier: Apache-2.0
// The PCI Express configuration space of the simulated card, for libpci to read.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sallyport::sim {

constexpr std::size_t kConfigBytes = 4096;

// Type 0 header (PCI Local Bus 6.1) of an Alveo U55C's user function with BAR 0 of 64 bits, the PCI Express capability
// (Gen3 x16, the link that the platform simulates) and the AER extended capability without an error.
std::array<std::uint8_t, kConfigBytes> config_space();

// The same as text of `lspci -xxxx`, which libpci's "dump" access method reads.
std::string config_dump(const std::string& slot);

}  // namespace sallyport::sim
