// SPDX-License-Identifier: Apache-2.0
// initiate, terminate and rekey: what the operator wants IKE to do now.
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
  std::string child;  // empty: the IKE SA, or whatever the request makes of that

  [[nodiscard]] std::string name() const { return child.empty() ? connection : connection + "/" + child; }
};

void add_command(CLI::App& app, Session& session, const std::string& name, const std::string& done,
                 const std::string& what) {
  CLI::App* command = app.add_subcommand(name, what);
  const auto target = std::make_shared<Target>();
  command->add_option("CONNECTION", target->connection, "name of the connection")->required();
  command->add_option("CHILD", target->child, "name of its child");
  command->callback([&session, target, name, done] {
    session.command = [&session, target, name, done] {
      json::object body = {{"connection", target->connection}};
      if (!target->child.empty()) body["child"] = target->child;
      return Daemon(session.socket)
          .ask({"POST", "/v1/" + name, std::move(body)}, kAfterThePeer, [&](const json::value& answer) {
            const auto outcome = text(answer, "outcome");
            return Outcome{Exit::kDone, (outcome.empty() ? target->name() + " " + done : outcome) + "\n"};
          });
    };
  });
}

}  // namespace

void add_sa_commands(CLI::App& app, Session& session) {
  add_command(app, session, "initiate", "initiated", "bring up a child, or without CHILD all of the connection");
  add_command(app, session, "terminate", "terminated", "take down a child, or without CHILD the whole IKE SA");
  add_command(app, session, "rekey", "rekeyed", "give a child new keys, or without CHILD the IKE SA");
}

}  // namespace sallyport::cli
