// SPDX-License-Identifier: Apache-2.0
// Expectations, live or in the candidate: add, delete.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/word_options.hpp"
#include "host/policy/expectations.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

struct ExpectationWords {
  std::string name;
  Words values;
};

std::string help_of(std::string_view word) {
  static const std::map<std::string_view, const char*> kHelp = {
      {"user", "who sends, being logged in (nobody)"},
      {"groups", "of the user, beside those that the directory has, separated by commas"},
      {"policy", "that is to decide; none: no policy matches"},
      {"action", "that it is to have"},
      {"level", "that it is to have"},
  };
  const auto found = kHelp.find(word);
  return found == kHelp.end() ? help_of_question(word) : found->second;
}

// Below `of`, "/v1/expectations" or the candidate's.
void add_edits(CLI::App& command, Session& session, const std::string& of, std::string (*screen)(const json::value&)) {
  command.require_subcommand(1);
  const auto edit = [&](CLI::App* edited, const char* method) {
    const auto words = std::make_shared<ExpectationWords>();
    edited->add_option("NAME", words->name, "name of the expectation")->required();
    edited->callback([&session, words, of, method, screen] {
      session.command = [&session, words, of, method, screen] {
        json::object body;
        for (const auto& [word, value] : words->values) body[word] = value;
        const Use use = [screen](const json::value& answer) { return Outcome{Exit::kDone, screen(answer)}; };
        return Daemon(session.socket)
            .ask({method, of + "/" + api::path_segment(words->name), std::move(body)}, kAtOnce, use);
      };
    });
    return words;
  };
  CLI::App* added = command.add_subcommand("add", "a new expectation about one packet");
  const auto words = edit(added, "POST");
  for (const auto word : policy::expectation_words()) {
    if (word != "name") add_word_option(*added, words->values, word, help_of(word))->required(word == "to");
  }
  (void)edit(command.add_subcommand("delete", "the expectation"), "DELETE");
}

}  // namespace

void add_expectation_commands(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("expectation", "change what is expected of the policies, live");
  add_edits(*command, session, "/v1/expectations", expectations_screen);
}

void add_candidate_expectation_commands(CLI::App& candidate, Session& session) {
  CLI::App* command = candidate.add_subcommand("expectation", "what is to be expected of the policies");
  add_edits(*command, session, "/v1/candidate/expectations", candidate_screen);
}

}  // namespace sallyport::cli
