// SPDX-License-Identifier: Apache-2.0
// The cards on the PCI bus.
#include <boost/json.hpp>
#include <cstdio>

#include "host/base/log.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/units.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

std::string id(const driver::PciCard& card) {
  char written[16];
  std::snprintf(written, sizeof written, "%04x:%04x", card.vendor, card.device);
  return written;
}

std::string link(const driver::PciLink& link) {
  if (link.generation == 0) return "none";
  return "PCIe " + std::to_string(link.generation) + ".0 x" + std::to_string(link.lanes);
}

json::value link_json(const driver::PciLink& link) {
  return json::object{{"generation", link.generation}, {"lanes", link.lanes}};
}

std::string address(std::uint64_t value) {
  char written[24];
  std::snprintf(written, sizeof written, "0x%llx", static_cast<unsigned long long>(value));
  return written;
}

bool slower_than_it_could(const driver::PciCard& card) {
  return card.link.generation < card.capability.generation || card.link.lanes < card.capability.lanes;
}

std::string errors(const driver::PciCard& card) {
  if (!card.aer) return "not reported (no AER)";
  if (card.uncorrectable_errors == 0 && card.correctable_errors == 0) return "none";
  return "uncorrectable " + log::hex32(card.uncorrectable_errors) + ", correctable " +
         log::hex32(card.correctable_errors) + " (AER status bits)";
}

}  // namespace

std::string pci_screen(const std::vector<driver::PciCard>& cards) {
  std::string out;
  for (const auto& card : cards) {
    if (!out.empty()) out += "\n";
    out += "card: " + card.slot + " " + card.model + " [" + id(card) + "]\n";
    out += "  link: " + link(card.link);
    if (slower_than_it_could(card)) out += ", less than the card's " + link(card.capability) + "; try another slot";
    out += "\n";
    for (const auto& bar : card.bars) {
      out += "  bar " + std::to_string(bar.index) + ": " + address(bar.address);
      if (bar.size != 0) out += ", " + human_bytes(bar.size);
      out += "\n";
    }
    out += "  errors: " + errors(card) + "\n";
  }
  return out;
}

json::value pci_json(const std::vector<driver::PciCard>& cards) {
  json::array out;
  for (const auto& card : cards) {
    json::array bars;
    for (const auto& bar : card.bars) {
      bars.push_back(json::object{{"index", bar.index}, {"address", address(bar.address)}, {"size", bar.size}});
    }
    out.push_back(json::object{{"slot", card.slot},
                               {"id", id(card)},
                               {"model", card.model},
                               {"bars", std::move(bars)},
                               {"link", link_json(card.link)},
                               {"capability", link_json(card.capability)},
                               {"aer", card.aer},
                               {"uncorrectable_errors", card.uncorrectable_errors},
                               {"correctable_errors", card.correctable_errors}});
  }
  return json::object{{"cards", std::move(out)}};
}

}  // namespace sallyport::cli
