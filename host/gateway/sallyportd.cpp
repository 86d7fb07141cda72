// SPDX-License-Identifier: Apache-2.0
// sallyportd, the gateway daemon: options, signals, and which card.
#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "driver/xrt/xrt_card.hpp"
#include "host/api/server.hpp"
#include "host/gateway/service.hpp"
#include "host/gateway/software_ports.hpp"

namespace sallyport::gateway {
namespace {

// Exit codes, as docs/man/sallyportd.8 lists them.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadConfiguration = 2;

// The card of the configuration, and what lives as long as it.
struct CardHolder {
  std::unique_ptr<SoftwarePorts> ports;  // before the card that sends by them
  std::unique_ptr<driver::Card> card;
  driver::SoftwareCard* software = nullptr;
};

Result<CardHolder> open_card(boost::asio::io_context& io, const CardConfig& config) {
  CardHolder holder;
  if (config.backend == CardConfig::Backend::kXrt) {
    auto card = driver::open_xrt_card(config.device, config.xclbin);
    if (!card) return card.error();
    holder.card = std::move(*card);
    return holder;
  }
  auto ports = SoftwarePorts::attach(io, config.lan_interface, config.wan_interface);
  if (!ports) return ports.error();
  holder.ports = std::move(*ports);
  auto card = holder.ports->make_card();
  holder.software = card.get();
  holder.card = std::move(card);
  return holder;
}

int fail(const std::string& what, const Error& why) {
  const char* remedy =
      why.code == Errc::kDenied ? "; run as root, or with the capabilities that sallyportd(8) names" : "";
  log::error("gateway.failed", {{"at", what}, {"why", why.detail}});
  std::cerr << "sallyportd: " << what << ": " << why.detail << remedy << '\n';
  return kFailed;
}

int run(Config config) {
  log::set_level(config.log_level);
  boost::asio::io_context io(1);
  auto holder = open_card(io, config.card);
  if (!holder) return fail("cannot open the card", holder.error());
  const std::string socket = config.socket;
  auto gateway = Gateway::start(io, std::move(config), *holder->card);
  if (!gateway) return fail("cannot start the gateway", gateway.error());
  if (holder->software != nullptr) {
    holder->ports->start(*holder->software, [&gateway] { (*gateway)->poll(); });
  }
  GatewayService service(**gateway);
  auto server = api::Server::listen(io, socket, service);
  if (!server) return fail("cannot offer the API", server.error());

  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { (*gateway)->shut_down([&io] { io.stop(); }); });
  io.run();
  return kDone;
}

int main_checked(int argc, char** argv) {
  CLI::App app{"The Sallyport gateway daemon.", "sallyportd"};
  std::string file;
  bool check = false;
  app.add_option("--config", file, "the configuration file")->required();
  app.add_flag("--check", check, "read the configuration, tell what is wrong with it, and end");
  app.set_version_flag("--version", "sallyportd 0.1.0");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kBadConfiguration;
  }
  auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return kBadConfiguration;
  }
  if (check) {
    std::cout << file << ": " << config->policies.size() << " policies, " << config->connections.size()
              << " connections, " << config->sas.size() << " manual SAs: no problem found\n";
    return kDone;
  }
  return run(std::move(*config));
}

}  // namespace
}  // namespace sallyport::gateway

int main(int argc, char** argv) { return sallyport::gateway::main_checked(argc, argv); }
