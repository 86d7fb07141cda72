// SPDX-License-Identifier: Apache-2.0
// policy explain, policy test: what becomes of a packet, and whether that is as expected.
#include <boost/json.hpp>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/word_options.hpp"
#include "host/gateway/config.hpp"
#include "host/policy/json.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

constexpr const char* kAsItIs = "print the answer of the API as it is";

struct Explain {
  Words words;
  bool as_json = false;
};

void add_explain(CLI::App& policy, Session& session) {
  CLI::App* command = policy.add_subcommand("explain", "which policy decides about a packet, and why no other does");
  const auto asked = std::make_shared<Explain>();
  for (const auto word : policy::question_words()) {
    add_word_option(*command, asked->words, word, help_of_question(word))->required(word == "to");
  }
  command->add_flag("--json", asked->as_json, kAsItIs);
  command->callback([&session, asked] {
    session.command = [&session, asked] {
      json::object body;
      for (const auto& [word, value] : asked->words) body[word] = value;
      return Daemon(session.socket).ask({"POST", "/v1/explain", body}, kAtOnce, [asked](const json::value& answer) {
        return Outcome{Exit::kDone, asked->as_json ? json::serialize(answer) + "\n" : explain_screen(answer)};
      });
    };
  });
}

struct Test {
  std::string file;
  bool as_json = false;
};

Outcome tell(const json::value& answer, bool as_json) {
  Outcome outcome{number(answer, "failed") == 0 ? Exit::kDone : Exit::kFailed,
                  as_json ? json::serialize(answer) + "\n" : expectations_screen(answer)};
  outcome.report = true;
  return outcome;
}

// Without a daemon: nobody knows the directory's groups, and the time is now.
Outcome test_file(const Test& test) {
  const auto config = gateway::load_config(test.file);
  if (!config) return {Exit::kFailed, config.error().detail};
  policy::Surroundings around;
  for (const auto& a : config->lan.addresses) {
    around.hosts.push_back(IpAddress::from_number(a.address.number().next()));
  }
  around.now = policy::week_minute(std::chrono::system_clock::now());
  return tell(policy::to_json(policy::test(config->policies, {}, config->expectations, around)), test.as_json);
}

void add_test(CLI::App& policy, Session& session) {
  CLI::App* command = policy.add_subcommand("test", "whether the configuration's expectations hold");
  const auto test = std::make_shared<Test>();
  command->add_option("FILE", test->file, "of this configuration, without a daemon; else of the policies in force");
  command->add_flag("--json", test->as_json, kAsItIs);
  command->callback([&session, test] {
    session.command = [&session, test] {
      if (!test->file.empty()) return test_file(*test);
      return Daemon(session.socket)
          .ask({"GET", "/v1/expectations", nullptr}, kAtOnce,
               [test](const json::value& answer) { return tell(answer, test->as_json); });
    };
  });
}

}  // namespace

void add_explain_commands(CLI::App& policy, Session& session) {
  add_explain(policy, session);
  add_test(policy, session);
}

}  // namespace sallyport::cli
