// SPDX-License-Identifier: Apache-2.0
#include "driver/discovery/discovery.hpp"

extern "C" {
#include <pci/pci.h>
}

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "driver/discovery/models.hpp"

namespace sallyport::driver {
namespace {

// libpci ends the process on an error unless its handler leaves by another way.
[[noreturn]] void throw_pci_error(char* format, ...) {
  std::array<char, 256> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  throw std::runtime_error(text.data());
}

void ignore_pci_message(char*, ...) {}

struct Cleanup {
  void operator()(pci_access* access) const { pci_cleanup(access); }
};

void read_link(pci_dev* device, PciCard& card) {
  const pci_cap* express = pci_find_cap(device, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
  if (express == nullptr) return;
  const std::uint32_t capability = pci_read_long(device, static_cast<int>(express->addr + PCI_EXP_LNKCAP));
  const std::uint32_t status = pci_read_word(device, static_cast<int>(express->addr + PCI_EXP_LNKSTA));
  card.capability = {capability & PCI_EXP_LNKCAP_SPEED, (capability & PCI_EXP_LNKCAP_WIDTH) >> 4};
  card.link = {status & PCI_EXP_LNKSTA_SPEED, (status & PCI_EXP_LNKSTA_WIDTH) >> 4};
}

void read_errors(pci_dev* device, PciCard& card) {
  const pci_cap* aer = pci_find_cap(device, PCI_EXT_CAP_ID_AER, PCI_CAP_EXTENDED);
  if (aer == nullptr) return;
  card.aer = true;
  card.uncorrectable_errors = pci_read_long(device, static_cast<int>(aer->addr + PCI_ERR_UNCOR_STATUS));
  card.correctable_errors = pci_read_long(device, static_cast<int>(aer->addr + PCI_ERR_COR_STATUS));
}

PciCard describe(pci_dev* device, const Model& model) {
  PciCard card;
  std::array<char, 32> slot{};
  std::snprintf(slot.data(), slot.size(), "%04x:%02x:%02x.%d", static_cast<unsigned>(device->domain), device->bus,
                device->dev, device->func);
  card.slot = slot.data();
  card.vendor = device->vendor_id;
  card.device = device->device_id;
  card.model = model.name;
  for (unsigned i = 0; i < 6; ++i) {
    if (device->base_addr[i] == 0) continue;
    card.bars.push_back({i, static_cast<std::uint64_t>(device->base_addr[i]) & ~std::uint64_t{0xf}, device->size[i]});
  }
  read_link(device, card);
  read_errors(device, card);
  return card;
}

}  // namespace

Result<std::vector<PciCard>> find_cards(const std::optional<std::string>& dump) {
  if (dump && !std::filesystem::is_regular_file(*dump)) {
    return Error{Errc::kNotFound, *dump + ": no such PCI dump"};
  }
  try {
    std::unique_ptr<pci_access, Cleanup> access(pci_alloc());
    access->error = throw_pci_error;
    access->warning = ignore_pci_message;
    if (dump) {
      access->method = PCI_ACCESS_DUMP;
      std::string name = "dump.name";
      std::string path = *dump;
      pci_set_param(access.get(), name.data(), path.data());
    }
    pci_init(access.get());
    pci_scan_bus(access.get());
    std::vector<PciCard> cards;
    for (pci_dev* device = access->devices; device != nullptr; device = device->next) {
      pci_fill_info(device, PCI_FILL_IDENT | PCI_FILL_BASES | PCI_FILL_SIZES | PCI_FILL_CAPS | PCI_FILL_EXT_CAPS);
      const auto* model = std::find_if(std::begin(kModels), std::end(kModels), [&](const Model& m) {
        return m.vendor == device->vendor_id && m.device == device->device_id;
      });
      if (model != std::end(kModels)) cards.push_back(describe(device, *model));
    }
    std::sort(cards.begin(), cards.end(), [](const PciCard& a, const PciCard& b) { return a.slot < b.slot; });
    return cards;
  } catch (const std::exception& e) {
    return Error{Errc::kIo, std::string("PCI bus: ") + e.what()};
  }
}

std::string no_card_sentence() {
  std::string names;
  for (const Model& m : kModels) {
    if (!names.empty()) names += ", ";
    names += m.name;
  }
  return "No Sallyport card was found on the PCI bus (looked for: " + names +
         "); check that it is seated and that lspci lists it, or run with the simulated or the software card.";
}

}  // namespace sallyport::driver
