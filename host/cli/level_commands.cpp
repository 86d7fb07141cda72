// SPDX-License-Identifier: Apache-2.0
// Levels, live or in the candidate: what one is to stand for.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/commit_options.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

struct LevelWords {
  std::string name;
  std::vector<std::string> proposals;
  CommitOptions options;

  [[nodiscard]] json::object body() const {
    return {{"esp_proposals", json::array(proposals.begin(), proposals.end())}};
  }
};

// `command` is "level", which gets its only one below it.
CLI::App* add_set(CLI::App& command, const std::shared_ptr<LevelWords>& words) {
  command.require_subcommand(1);
  CLI::App* set = command.add_subcommand("set", "the proposals that it stands for, the best first");
  set->add_option("NAME", words->name, "high, middle or low")->required();
  set->add_option("PROPOSALS", words->proposals, "such as aes256gcm16-ecp384 aes128gcm16")->required();
  return set;
}

}  // namespace

void add_level_commands(CLI::App& app, Session& session) {
  const auto words = std::make_shared<LevelWords>();
  CLI::App* set = add_set(*app.add_subcommand("level", "change what a security level stands for, live"), words);
  add_commit_options(*set, words->options, "even if not all of it connects");
  set->callback([&session, words] {
    session.command = [&session, words] {
      return ask_to_commit(session, "PUT", "/v1/levels/" + api::path_segment(words->name), words->body(),
                           words->options);
    };
  });
}

void add_candidate_level_commands(CLI::App& candidate, Session& session) {
  const auto words = std::make_shared<LevelWords>();
  add_set(*candidate.add_subcommand("level", "what a security level is to stand for"), words)
      ->callback([&session, words] {
        session.command = [&session, words] {
          const Use use = [](const json::value& answer) { return Outcome{Exit::kDone, candidate_screen(answer)}; };
          return Daemon(session.socket)
              .ask({"PUT", "/v1/candidate/levels/" + api::path_segment(words->name), words->body()}, kAtOnce, use);
        };
      });
}

}  // namespace sallyport::cli
