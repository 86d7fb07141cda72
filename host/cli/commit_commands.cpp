// SPDX-License-Identifier: Apache-2.0
// commit, confirm, history, rollback.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

struct CommitWords {
  std::uint32_t number = 0;  // 0: the candidate
  unsigned confirm_s = 0;
  std::string comment;
  bool force = false;
  bool as_json = false;
};

Outcome commit(const Session& session, const CommitWords& words) {
  json::object body;
  if (words.number != 0) body["number"] = words.number;
  if (words.confirm_s != 0) body["confirm_s"] = words.confirm_s;
  if (!words.comment.empty()) body["comment"] = words.comment;
  if (words.force) body["force"] = true;
  const Use use = [&words](const json::value& report) -> Outcome {
    std::string shown = words.as_json ? json::serialize(report) + "\n" : commit_screen(report);
    const bool committed = flag(report, "committed");
    return {committed ? Exit::kDone : Exit::kFailed, std::move(shown), true};
  };
  const std::string what = words.number == 0 ? "/v1/commit" : "/v1/rollback";
  return Daemon(session.socket).ask({"POST", what, std::move(body)}, kAfterThePeer, use);
}

std::shared_ptr<CommitWords> add_commit(CLI::App& app, Session& session, const std::string& name,
                                        const std::string& help, bool numbered) {
  CLI::App* command = app.add_subcommand(name, help);
  const auto words = std::make_shared<CommitWords>();
  if (numbered) command->add_option("NUMBER", words->number, "of a configuration of the history")->required();
  command->add_option("--confirm", words->confirm_s, "roll it back after so long unless it is confirmed")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86400));
  command->add_option("--comment", words->comment, "for the history")->type_name("TEXT");
  command->add_flag(
      "--force", words->force,
      numbered ? "even if not all of it connects" : "even if not all of it connects, or an expectation fails");
  command->add_flag("--json", words->as_json, "print the answer of the API as it is");
  command->callback([&session, words] { session.command = [&session, words] { return commit(session, *words); }; });
  return words;
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
  (void)add_commit(app, session, "commit", "puts the candidate in force, all of it or nothing", false);
  (void)add_commit(app, session, "rollback", "puts an older configuration in force, as a new one", true);

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
