// SPDX-License-Identifier: Apache-2.0
// The commands that only look: each shows an answer of the API, for people or as it is.
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <thread>

#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using std::chrono::steady_clock;

using Screen = std::function<std::string(const json::value& answer)>;

void add_json_flag(CLI::App& command, bool& as_json) {
  command.add_flag("--json", as_json, "print the answer of the API as it is");
}

Use show(bool as_json, Screen screen) {
  return [as_json, screen = std::move(screen)](const json::value& answer) {
    return Outcome{Exit::kDone, as_json ? json::serialize(answer) + "\n" : screen(answer)};
  };
}

void add_query(CLI::App& app, Session& session, const std::string& name, const std::string& what, Screen screen) {
  CLI::App* command = app.add_subcommand(name, what);
  const auto as_json = std::make_shared<bool>(false);
  add_json_flag(*command, *as_json);
  command->callback([&session, name, as_json, screen = std::move(screen)] {
    session.command = [&session, name, as_json, screen] {
      return Daemon(session.socket).ask({"GET", "/v1/" + name, nullptr}, kAtOnce, show(*as_json, screen));
    };
  });
}

struct StatusOptions {
  bool as_json = false;
  unsigned wait_s = 0;
  std::string wait_child;  // "b/net"
};

std::string child_state(const json::value& status, const std::string& target) {
  for (const auto& connection : list(status, "connections")) {
    for (const auto& child : list(connection, "children")) {
      if (text(connection, "name") + "/" + text(child, "name") == target) return text(child, "state");
    }
  }
  return {};
}

Outcome status(const std::string& socket, const StatusOptions& options) {
  const auto end = steady_clock::now() + seconds(options.wait_s);
  const Use use = [&options](const json::value& status) -> Outcome {
    if (!options.wait_child.empty()) {
      const auto state = child_state(status, options.wait_child);
      if (state.empty()) return {Exit::kFailed, "there is no child " + options.wait_child + "; see: sallyport status"};
      if (state != "installed") {
        return {Exit::kFailed, "the child " + options.wait_child + " is not installed but " + state +
                                   "; wait longer with --wait, or see the daemon's log"};
      }
    }
    return show(options.as_json, status_screen)(status);
  };
  for (;;) {
    const Outcome outcome = Daemon(socket).ask({"GET", "/v1/status", nullptr}, kAtOnce, use);
    const bool may_come =
        outcome.exit == Exit::kNoDaemon || (outcome.exit == Exit::kFailed && !options.wait_child.empty());
    if (!may_come || steady_clock::now() >= end) return outcome;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void add_status(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("status", "the gateway on one screen");
  const auto options = std::make_shared<StatusOptions>();
  add_json_flag(*command, options->as_json);
  command->add_option("--wait", options->wait_s, "wait so many seconds at most until the daemon answers")
      ->type_name("SECONDS");
  command->add_option("--wait-child", options->wait_child, "and until this child is installed")
      ->type_name("CONNECTION/CHILD");
  command->callback(
      [&session, options] { session.command = [&session, options] { return status(session.socket, *options); }; });
}

void add_counters(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("counters", "what the card has counted and why it dropped packets");
  const auto as_json = std::make_shared<bool>(false);
  const auto all = std::make_shared<bool>(false);
  add_json_flag(*command, *as_json);
  command->add_flag("--all", *all, "those that are zero as well");
  command->callback([&session, as_json, all] {
    session.command = [&session, as_json, all] {
      const auto screen = [all](const json::value& answer) { return counters_screen(answer, *all); };
      return Daemon(session.socket).ask({"GET", "/v1/counters", nullptr}, kAtOnce, show(*as_json, screen));
    };
  });
}

}  // namespace

void add_query_commands(CLI::App& app, Session& session) {
  add_status(app, session);
  add_query(app, session, "sas", "the pairs of SAs with their living state", sas_screen);
  add_query(app, session, "policies", "the policies in the order in which they decide", policies_screen);
  add_query(app, session, "levels", "what the security levels stand for", levels_screen);
  add_query(app, session, "expectations", "what is expected of the policies, and whether it holds",
            expectation_words_screen);
  add_counters(app, session);
  add_query(app, session, "card", "what the card is", card_screen);
}

}  // namespace sallyport::cli
