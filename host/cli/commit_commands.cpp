// SPDX-License-Identifier: Apache-2.0
// commit, confirm, history, rollback.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/commit_options.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

void add_commit(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("commit", "puts the candidate in force, all of it or nothing");
  const auto options = std::make_shared<CommitOptions>();
  add_commit_options(*command, *options, "even if not all of it connects, or an expectation fails");
  command->callback([&session, options] {
    session.command = [&session, options] { return ask_to_commit(session, "POST", "/v1/commit", {}, *options); };
  });
}

void add_rollback(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("rollback", "puts an older configuration in force, as a new one");
  const auto number = std::make_shared<std::uint32_t>(0);
  const auto options = std::make_shared<CommitOptions>();
  command->add_option("NUMBER", *number, "of a configuration of the history")->required();
  add_commit_options(*command, *options, "even if not all of it connects");
  command->callback([&session, number, options] {
    session.command = [&session, number, options] {
      return ask_to_commit(session, "POST", "/v1/rollback", {{"number", *number}}, *options);
    };
  });
}

Outcome history(const Session& session, std::uint32_t number, bool as_json) {
  const Use use = [number, as_json](const json::value& answer) -> Outcome {
    if (as_json) return {Exit::kDone, json::serialize(answer) + "\n"};
    return {Exit::kDone, number == 0 ? history_screen(answer) : configuration_screen(answer)};
  };
  const std::string path = "/v1/history" + (number == 0 ? "" : "/" + std::to_string(number));
  return Daemon(session.socket).ask({"GET", path, nullptr}, kAtOnce, use);
}

}  // namespace

void add_commit_commands(CLI::App& app, Session& session) {
  add_commit(app, session);
  add_rollback(app, session);

  app.add_subcommand("confirm", "keeps a configuration that was committed with --confirm")->callback([&session] {
    session.command = [&session] {
      const Use use = [](const json::value& answer) { return Outcome{Exit::kDone, text(answer, "outcome") + "\n"}; };
      return Daemon(session.socket).ask({"POST", "/v1/confirm", json::object()}, kAfterThePeer, use);
    };
  });

  CLI::App* shown = app.add_subcommand("history", "the configurations that were committed, or one of them");
  const auto number = std::make_shared<std::uint32_t>(0);
  const auto as_json = std::make_shared<bool>(false);
  shown->add_option("NUMBER", *number, "of one of them");
  shown->add_flag("--json", *as_json, "print the answer of the API as it is");
  shown->callback([&session, number, as_json] {
    session.command = [&session, number, as_json] { return history(session, *number, *as_json); };
  });
}

}  // namespace sallyport::cli
