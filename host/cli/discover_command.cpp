// SPDX-License-Identifier: Apache-2.0
// discover: what is on the PCI bus. It asks the bus and not the daemon, so it tells why a daemon finds no card.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {
namespace {

struct DiscoverOptions {
  std::string dump;
  bool as_json = false;
};

Outcome discover(const DiscoverOptions& options) {
  const auto cards = driver::find_cards(options.dump.empty() ? std::nullopt : std::optional(options.dump));
  if (!cards) return {Exit::kFailed, cards.error().detail};
  if (cards->empty()) return {Exit::kFailed, driver::no_card_sentence()};
  return {Exit::kDone, options.as_json ? boost::json::serialize(pci_json(*cards)) + "\n" : pci_screen(*cards)};
}

}  // namespace

void add_discover_command(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("discover", "the cards on the PCI bus, without the daemon");
  const auto options = std::make_shared<DiscoverOptions>();
  command->add_flag("--json", options->as_json, "print JSON");
  command->add_option("--pci-dump", options->dump, "read what lspci -xxxx wrote instead of the bus")->type_name("FILE");
  command->callback([&session, options] { session.command = [options] { return discover(*options); }; });
}

}  // namespace sallyport::cli
