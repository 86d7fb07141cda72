// SPDX-License-Identifier: Apache-2.0
#include "host/gateway/daemon_main.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

#include "host/api/server.hpp"
#include "host/gateway/administrators.hpp"
#include "host/gateway/explain_request.hpp"
#include "host/gateway/policy_advice.hpp"
#include "host/gateway/service.hpp"

namespace sallyport::gateway {
namespace {

// Exit codes, as docs/man/sallyportd.8 lists them.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadConfiguration = 2;

int fail(const std::string& what, const Error& why) {
  const char* remedy =
      why.code == Errc::kDenied ? "; run as root, or with the capabilities that sallyportd(8) names" : "";
  log::error("gateway.failed", {{"at", what}, {"why", why.detail}});
  std::cerr << "sallyportd: " << what << ": " << why.detail << remedy << '\n';
  return kFailed;
}

int run(Config config, const CardOpener& open_card) {
  log::set_level(config.log_level);
  boost::asio::io_context io(1);
  auto card = open_card(io, config.card);
  if (!card) return fail("cannot open the card", card.error());
  const std::string socket = config.socket;
  const std::string group = config.socket_group;
  Vouch vouch;
  if (config.users) vouch = Login::vouch(*config.users, config.state_directory);
  auto gateway = Gateway::start(io, std::move(config), (*card)->card(), std::chrono::system_clock::now,
                                std::exchange(vouch, nullptr));
  if (!gateway) return fail("cannot start the gateway", gateway.error());
  if (auto started = (*card)->start([&gateway] { (*gateway)->poll(); }); !started) {
    return fail("cannot serve the card's ports", started.error());
  }
  std::unique_ptr<Login> login;
  if (const auto& users = (*gateway)->config().users) {
    auto opened =
        Login::open(io, *users, (*gateway)->config().state_directory, (*gateway)->principals(), (*gateway)->dialogue());
    if (!opened) return fail("cannot let users log in", opened.error());
    login = std::move(*opened);
    (*gateway)->set_on_tag_rejected([&login](const IpAddress& from) { login->on_tag_rejected(from); });
    (*gateway)->commits().on_came_back([&login](const store::StoredConfiguration& now) {
      login->note("rollback", std::to_string(now.number), now.comment + ": " + now.summary);
    });
    (*gateway)->dialogue().reach_by([&login](const std::string& user, std::string_view event, const auto& data) {
      return login->tell(user, event, data);
    });
  }
  with_findings(login.get(), (*gateway)->keeper().policies(), {}, log_findings);
  with_verdicts(**gateway, login.get(), [](const std::vector<policy::Verdict>& verdicts) {
    for (const auto& v : verdicts) {
      if (!v.holds) log::warning("expectation.failed", {{"expectation", v.expectation}, {"why", v.sentence}});
    }
  });
  GatewayService service(**gateway, login.get());
  Administrators administrators(service, login.get());
  auto server = api::Server::listen(io, socket, administrators, group);
  if (!server) return fail("cannot offer the API", server.error());

  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { (*gateway)->shut_down([&io] { io.stop(); }); });
  io.run();
  return kDone;
}

}  // namespace

int daemon_main(int argc, char** argv, const CardOpener& open_card) {
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
    for (const auto& finding : policy::examine(config->policies, {})) std::cout << "note: " << finding.sentence << '\n';
    return kDone;
  }
  return run(std::move(*config), open_card);
}

}  // namespace sallyport::gateway
