// SPDX-License-Identifier: Apache-2.0
// gateway-histories: random histories of a gateway, as long as one likes.
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <random>

#include "base/temporary_folder.hpp"
#include "tests/histories/history.hpp"

int main(int argc, char** argv) {
  using namespace sallyport::histories;
  Life life{std::random_device{}(), 1'000'000};
  bool as_json = false;
  CLI::App app("random histories of a gateway against a model; must be root");
  app.add_option("--events", life.events, "how many")->capture_default_str();
  app.add_option("--seed", life.seed, "of everything random; by default any");
  app.add_option("--ike", life.by_ike, "of 100 policies that protect, how many do it by IKE")->capture_default_str();
  app.add_flag("--log", life.log, "say what the gateway says, and what happens to it");
  app.add_flag("--json", as_json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  if (::unshare(CLONE_NEWNET) != 0) {
    std::cerr << "gateway-histories: makes network interfaces, and must run as root\n";
    return 2;
  }
  const sallyport::TemporaryFolder folder;
  std::cerr << "seed " << life.seed << "\n";
  const Told told = run_history(life, folder.path(), [&](const Told& so_far) {
    if (!as_json) std::cerr << "\r" << so_far.events << " events" << std::flush;
  });
  std::cerr << told.models;
  boost::json::object kinds;
  for (const auto& [kind, count] : told.by_kind) kinds[kind] = count;
  if (as_json) {
    std::cout << boost::json::serialize(boost::json::object{{"seed", life.seed},
                                                            {"by_ike", life.by_ike},
                                                            {"events", told.events},
                                                            {"by_kind", kinds},
                                                            {"packets", told.packets},
                                                            {"packets_at_flips", told.packets_at_flips},
                                                            {"sent_again", told.sent_again},
                                                            {"difference", told.difference}})
              << "\n";
  } else {
    std::cout << "\r" << told.events << " events " << boost::json::serialize(kinds) << ", " << told.packets
              << " packets after them, " << told.packets_at_flips
              << " at flips: " << (told.difference.empty() ? "as the model says" : told.difference) << "\n";
  }
  return told.difference.empty() ? 0 : 1;
}
