// SPDX-License-Identifier: Apache-2.0
// initiate, terminate and rekey: what the operator wants IKE to do now.
#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/daemon.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

struct Target {
  std::string connection;
  std::string child;  // empty: none was given

  [[nodiscard]] std::string name() const { return child.empty() ? connection : connection + "/" + child; }
};

Outcome request(const Daemon& daemon, const std::string& what, const Target& target) {
  json::object body = {{"connection", target.connection}};
  if (!target.child.empty()) body["child"] = target.child;
  return daemon.ask({"POST", "/v1/" + what, std::move(body)}, kAfterThePeer, [&](const json::value& answer) {
    const auto outcome = text(answer, "outcome");
    return Outcome{Exit::kDone, (outcome.empty() ? what + " " + target.name() + ": done" : outcome) + "\n"};
  });
}

// All that are not up yet, one after the other; the first that fails ends it.
Outcome initiate_children(const Daemon& daemon, const std::string& connection, const json::value& status) {
  const auto& connections = list(status, "connections");
  const auto* found = std::find_if(connections.begin(), connections.end(),
                                   [&](const json::value& c) { return text(c, "name") == connection; });
  if (found == connections.end()) {
    return {Exit::kFailed, "there is no connection '" + connection + "'; see: sallyport status"};
  }
  Outcome all;
  for (const auto& child : list(*found, "children")) {
    if (text(child, "state") == "installed") continue;
    const Outcome one = request(daemon, "initiate", {connection, text(child, "name")});
    if (one.exit != Exit::kDone) return one;
    all.text += one.text;
  }
  if (all.text.empty()) all.text = "every child of '" + connection + "' is up already\n";
  return all;
}

Outcome initiate(const Daemon& daemon, const Target& target) {
  if (!target.child.empty()) return request(daemon, "initiate", target);
  return daemon.ask({"GET", "/v1/status", nullptr}, kAtOnce,
                    [&](const json::value& status) { return initiate_children(daemon, target.connection, status); });
}

using Command = std::function<Outcome(const Daemon& daemon, const Target& target)>;

void add_command(CLI::App& app, Session& session, const std::string& name, const std::string& what, Command run) {
  CLI::App* command = app.add_subcommand(name, what);
  const auto target = std::make_shared<Target>();
  command->add_option("CONNECTION", target->connection, "name of the connection")->required();
  command->add_option("CHILD", target->child, "name of its child");
  command->callback([&session, target, run = std::move(run)] {
    session.command = [&session, target, run] { return run(Daemon(session.socket), *target); };
  });
}

}  // namespace

void add_sa_commands(CLI::App& app, Session& session) {
  const auto plain = [](std::string what) -> Command {
    return
        [what = std::move(what)](const Daemon& daemon, const Target& target) { return request(daemon, what, target); };
  };
  add_command(app, session, "initiate", "bring up a child, or without CHILD all of the connection", initiate);
  add_command(app, session, "terminate", "take down a child, or without CHILD the whole IKE SA", plain("terminate"));
  add_command(app, session, "rekey", "give a child new keys, or without CHILD the IKE SA", plain("rekey"));
}

}  // namespace sallyport::cli
