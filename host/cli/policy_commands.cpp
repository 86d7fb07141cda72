// SPDX-License-Identifier: Apache-2.0
// Live policy: add, replace, set, delete. The daemon judges the words' values; here only the words are known.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

constexpr const char* kName = "name of the policy";

struct Words {
  std::string name;
  std::map<std::string, std::string> values;  // by word
  std::string before;
};

// A word of a policy as an option: "source_port" is --source-port.
std::string option_of(std::string_view word) {
  std::string option = "--" + std::string(word);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

// A word that this page does not know is still an option: the words are host/policy's.
std::string help_of(std::string_view word) {
  static const std::map<std::string_view, const char*> kHelp = {
      {"user", "whose packets, while logged in (everybody's)"},
      {"group", "the packets of its members, while logged in (everybody's)"},
      {"source", "addresses on the LAN side: one, a prefix or a range (any)"},
      {"destination", "addresses on the WAN side (any)"},
      {"protocol", "tcp, udp, icmp, ipv6-icmp or a number (any)"},
      {"source_port", "port or range, 1000-2000 (any)"},
      {"destination_port", "port or range (any)"},
      {"action", "bypass, discard, protect, or ask the user"},
      {"tell", "yes: users are told of packets of theirs that were sent in the clear, or refused (no)"},
      {"sa", "protect by this manual SA"},
      {"connection", "protect by a child of this connection"},
      {"child", "which child; or else one of its own, by level or proposals"},
      {"level", "of a child of its own: high, middle or low"},
      {"esp_proposals", "of a child of its own: aes256gcm16,aes128gcm16"},
      {"ah_proposals", "of a child of its own that only authenticates: sha256"},
      {"mode", "of a child of its own: tunnel, or transport, between the two gateways (tunnel)"},
      {"legacy", "yes: broken algorithms may be among these (no)"},
      {"replay_window", "of a child of its own: packets, 64 to 4096 (128)"},
      {"when", "time windows, mon-fri 08:00-18:00, by the gateway's clock (always)"},
      {"start_action", "of a child of its own: trap, by the first packet, or start, at once (trap)"},
      {"shared", "yes: its users have such a child together, not each their own (no)"},
  };
  const auto found = kHelp.find(word);
  return found == kHelp.end() ? std::string() : found->second;
}

json::object body_of(const Words& words) {
  json::object body = {{"name", words.name}};
  for (const auto& [word, value] : words.values) body[word] = value;
  if (!words.before.empty()) body["before"] = words.before;
  return body;
}

Outcome tell(const json::value& answer) {
  auto outcome = text(answer, "outcome");
  if (outcome.empty()) outcome = "in force as generation " + std::to_string(number(answer, "generation"));
  return {Exit::kDone, outcome + "\n" + findings_text(answer)};
}

Outcome add(const Session& session, const Words& words) {
  return Daemon(session.socket).ask({"POST", "/v1/policies", body_of(words)}, kAfterThePeer, tell);
}

Outcome replace(const Session& session, const Words& words) {
  return Daemon(session.socket)
      .ask({"PUT", "/v1/policies/" + api::path_segment(words.name), body_of(words)}, kAfterThePeer, tell);
}

Outcome remove(const Session& session, const Words& words) {
  return Daemon(session.socket)
      .ask({"DELETE", "/v1/policies/" + api::path_segment(words.name), nullptr}, kAfterThePeer, tell);
}

// Changes what is named and keeps the rest: what the daemon has now, with the changes, replaces it.
Outcome set(const Session& session, const Words& changes) {
  const Use change = [&](const json::value& answer) -> Outcome {
    const auto& policies = list(answer, "policies");
    const auto* found = std::find_if(policies.begin(), policies.end(),
                                     [&](const json::value& policy) { return text(policy, "name") == changes.name; });
    if (found == policies.end()) {
      return {Exit::kFailed, "there is no policy '" + changes.name + "'; see: sallyport policies"};
    }
    Words words{changes.name, changes.values, {}};
    for (const auto word : policy::policy_words()) {
      if (word != "name") words.values.emplace(word, text(*found, word));
    }
    std::erase_if(words.values, [](const auto& entry) { return entry.second.empty(); });
    return replace(session, words);
  };
  return Daemon(session.socket).ask({"GET", "/v1/policies", nullptr}, kAtOnce, change);
}

using Command = Outcome (*)(const Session& session, const Words& words);

// The callback's words are those of the parsed command line.
std::shared_ptr<Words> add_named(CLI::App& command, Session& session, Command run) {
  auto words = std::make_shared<Words>();
  command.add_option("NAME", words->name, kName)->required();
  command.callback(
      [&session, words, run] { session.command = [&session, words, run] { return run(session, *words); }; });
  return words;
}

void add_word_options(CLI::App& command, const std::shared_ptr<Words>& words) {
  for (const auto word : policy::policy_words()) {
    if (word == "name") continue;
    auto* option = command.add_option_function<std::string>(
        option_of(word),
        [words, word](const std::string& value) { words->values.insert_or_assign(std::string(word), value); },
        help_of(word));
    option->required(word == "action");
  }
}

// "destination_port=443", or as the option is written; nothing behind "=" takes the word away.
void read_change(Words& words, const std::string& change) {
  const auto equals = change.find('=');
  std::string word = change.substr(0, equals);
  std::replace(word.begin(), word.end(), '-', '_');
  const auto known = policy::policy_words();
  if (equals == std::string::npos) {
    throw CLI::ValidationError("'" + change + "' is no change", "write word=value");
  }
  if (word == "name" || std::find(known.begin(), known.end(), word) == known.end()) {
    std::string all;
    for (const auto one : known) {
      if (one != "name") all += (all.empty() ? "" : ", ") + std::string(one);
    }
    throw CLI::ValidationError("'" + word + "' is no word that can be set", "there are " + all);
  }
  words.values.insert_or_assign(std::move(word), change.substr(equals + 1));
}

}  // namespace

void add_policy_commands(CLI::App& app, Session& session) {
  CLI::App* policy = app.add_subcommand("policy", "change the policies; in force when the command returns");
  policy->require_subcommand(1);

  CLI::App* added = policy->add_subcommand("add", "a new policy, behind the others unless --before says where");
  const auto words = add_named(*added, session, add);
  add_word_options(*added, words);
  added->add_option("--before", words->before, "the policy in front of which it is put")->type_name("NAME");

  CLI::App* replaced =
      policy->add_subcommand("replace", "the whole policy, where it stands: what is not given is 'any'");
  add_word_options(*replaced, add_named(*replaced, session, replace));

  CLI::App* changed = policy->add_subcommand("set", "only the words given; the others keep their values");
  const auto changes = add_named(*changed, session, set);
  changed
      ->add_option_function<std::vector<std::string>>(
          "CHANGES",
          [changes](const std::vector<std::string>& all) {
            for (const auto& change : all) read_change(*changes, change);
          },
          "word=value, such as destination_port=443; 'word=' takes the word away")
      ->required();

  CLI::App* deleted = policy->add_subcommand("delete", "the policy");
  (void)add_named(*deleted, session, remove);
  add_explain_commands(*policy, session);
}

}  // namespace sallyport::cli
