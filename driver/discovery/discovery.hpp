// SPDX-License-Identifier: Apache-2.0
// Finds Sallyport's cards on the PCI bus, through libpci.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace sallyport::driver {

struct PciLink {
  unsigned generation = 0;  // PCI Express 1.0 is 1; 0: no PCI Express capability
  unsigned lanes = 0;
};

struct PciBar {
  unsigned index = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;  // bytes; 0 where the source does not tell (a dump)
};

struct PciCard {
  std::string slot;  // "0000:65:00.1"
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::string model;  // "Alveo U55C"
  std::vector<PciBar> bars;
  PciLink link;                            // as trained
  PciLink capability;                      // the most the card can do
  bool aer = false;                        // has Advanced Error Reporting
  std::uint32_t uncorrectable_errors = 0;  // AER status bits (PCI Express Base 7.8.4.2)
  std::uint32_t correctable_errors = 0;
};

// The cards of this machine in slot order; none is no error. With `dump`, those of a file that `lspci -xxxx` (or a
// simulated card) wrote. kIo when libpci finds no way to the bus.
Result<std::vector<PciCard>> find_cards(const std::optional<std::string>& dump = std::nullopt);

// The sentence for a person on a machine without one.
std::string no_card_sentence();

}  // namespace sallyport::driver
