// SPDX-License-Identifier: Apache-2.0
// sallyport-users-bench: measures what users wait for.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>

#include "host/base/log.hpp"
#include "host/bench/logins.hpp"
#include "host/bench/marking.hpp"
#include "host/bench/on_line.hpp"
#include "host/users/password.hpp"

namespace {

using namespace sallyport;
namespace json = boost::json;

// A run for each size of the directory.
Result<json::object> measure_logins(bench::LoginsOptions options, const std::vector<std::uint64_t>& sizes) {
  json::array results;
  for (const std::uint64_t size : sizes) {
    options.users = size;
    auto measured = bench::measure_logins(options);
    if (!measured) return measured.error();
    results.push_back(std::move(*measured));
  }
  return json::object{{"benchmark", "users"}, {"results", std::move(results)}};
}

int tell(const Result<json::object>& measured, bool as_json) {
  if (!measured) {
    std::cerr << "sallyport-users-bench: " << measured.error().message() << "\n";
    return 1;
  }
  if (as_json) {
    std::cout << json::value(*measured) << std::endl;
  } else {
    for (const auto& [key, value] : *measured) std::cout << key << ": " << value << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures what users wait for, over software cards in this process, and what their computers do.");
  app.require_subcommand(1);
  bool as_json = false;

  bench::LoginsOptions logins;
  std::vector<std::uint64_t> sizes = {100, 10'000, 1'000'000};
  auto* users = app.add_subcommand("users", "login to first packet, and order to principal gone (root only)");
  users->add_option("--users", sizes, "in the directory, a run for each number")->delimiter(',')->capture_default_str();
  users->add_option("--logins", logins.logins, "to measure")->capture_default_str();
  users->add_option("--on-line", logins.on_line, "others who are logged in meanwhile")->capture_default_str();

  bench::OnLineOptions on_line;
  auto* tables = app.add_subcommand("on-line", "what a login costs the card's tables, by how many are on line");
  tables->add_option("--sessions", on_line.sessions, "on line")->capture_default_str();
  tables->add_option("--groups", on_line.groups, "with a policy each")->capture_default_str();
  tables->add_option("--logins", on_line.logins, "to measure")->capture_default_str();

  unsigned groups = 4;
  auto* room = app.add_subcommand("room", "how many users fit on line");
  room->add_option("--groups", groups, "with a policy each")->capture_default_str();

  bench::MarkingOptions marking;
  auto* marks = app.add_subcommand("marking", "how many packets a user's computer marks (root only)");
  marks->add_option("--sizes", marking.sizes, "of IP packets, bytes")
      ->delimiter(',')
      ->check(CLI::Range(64, 1484))
      ->capture_default_str();
  marks->add_option("--seconds", marking.seconds, "for each figure")->capture_default_str();

  for (auto* one : {users, tables, room, marks}) one->add_flag("--json", as_json, "for programs");
  CLI11_PARSE(app, argc, argv);
  log::set_level(log::Level::kError);
  if (*users) return tell(measure_logins(logins, sizes), as_json);
  if (*tables) return tell(bench::measure_on_line(on_line), as_json);
  if (*marks) return tell(bench::measure_marking(marking), as_json);
  return tell(bench::measure_room(groups), as_json);
}
