// SPDX-License-Identifier: Apache-2.0
// Policies, live or in the candidate: add, replace, set, delete, move. The daemon judges the words' values; here only
// the words are known.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <memory>

#include "host/cli/answer.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"
#include "host/cli/word_options.hpp"
#include "host/policy/policy.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

constexpr const char* kName = "name of the policy";

struct PolicyWords {
  std::string of = "policies";  // or "candidate"
  std::string name;
  Words values;
  std::string before;
};

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
      {"level", "of a child of its own: high, middle or low; or none, in the clear"},
      {"esp_proposals", "of a child of its own: aes256gcm16,aes128gcm16"},
      {"ah_proposals", "of a child of its own that only authenticates: sha256"},
      {"mode", "of a child of its own: tunnel, or transport, between the two gateways (tunnel)"},
      {"legacy", "yes: broken algorithms may be among these (no)"},
      {"replay_window", "of a child of its own: packets, 64 to 4096 (128)"},
      {"change",
       "when changed words take over: now, after-idle: when the old SA is idle, or syn: new connections "
       "at once (now)"},
      {"idle", "of change after-idle and syn: seconds without a packet (30)"},
      {"when", "time windows, mon-fri 08:00-18:00, by the gateway's clock (always)"},
      {"start_action", "of a child of its own: trap, by the first packet, or start, at once (trap)"},
      {"shared", "yes: its users have such a child together, not each their own (no)"},
  };
  const auto found = kHelp.find(word);
  return found == kHelp.end() ? std::string() : found->second;
}

json::object body_of(const PolicyWords& words) {
  json::object body = {{"name", words.name}};
  for (const auto& [word, value] : words.values) body[word] = value;
  if (!words.before.empty()) body["before"] = words.before;
  return body;
}

Outcome tell(const json::value& answer) {
  if (has(answer, "changes")) return {Exit::kDone, candidate_screen(answer)};
  auto outcome = text(answer, "outcome");
  if (outcome.empty()) outcome = "in force as generation " + std::to_string(number(answer, "generation"));
  return {Exit::kDone, outcome + "\n" + findings_text(answer)};
}

std::string path_of(const PolicyWords& words) { return "/v1/" + words.of + "/" + api::path_segment(words.name); }

Outcome add(const Session& session, const PolicyWords& words) {
  return Daemon(session.socket).ask({"POST", "/v1/" + words.of, body_of(words)}, kAfterThePeer, tell);
}

Outcome replace(const Session& session, const PolicyWords& words) {
  return Daemon(session.socket).ask({"PUT", path_of(words), body_of(words)}, kAfterThePeer, tell);
}

Outcome remove(const Session& session, const PolicyWords& words) {
  return Daemon(session.socket).ask({"DELETE", path_of(words), nullptr}, kAfterThePeer, tell);
}

Outcome move(const Session& session, const PolicyWords& words) {
  return Daemon(session.socket)
      .ask({"POST", path_of(words), json::object{{"before", words.before}}}, kAfterThePeer, tell);
}

// Changes what is named and keeps the rest: what the daemon has now, with the changes, replaces it.
Outcome set(const Session& session, const PolicyWords& changes) {
  const Use change = [&](const json::value& answer) -> Outcome {
    const auto& policies = list(answer, "policies");
    const auto* found = std::find_if(policies.begin(), policies.end(),
                                     [&](const json::value& policy) { return text(policy, "name") == changes.name; });
    if (found == policies.end()) {
      return {Exit::kFailed, "there is no policy '" + changes.name + "'; see: sallyport policies"};
    }
    // What was decided, where that waits for its time.
    const auto& now = has(*found, "pending") ? part(part(*found, "pending"), "words") : *found;
    PolicyWords words{changes.of, changes.name, changes.values, {}};
    for (const auto word : policy::policy_words()) {
      if (word != "name") words.values.emplace(word, text(now, word));
    }
    std::erase_if(words.values, [](const auto& entry) { return entry.second.empty(); });
    return replace(session, words);
  };
  return Daemon(session.socket).ask({"GET", "/v1/" + changes.of, nullptr}, kAtOnce, change);
}

using Command = Outcome (*)(const Session& session, const PolicyWords& words);

// The callback's words are those of the parsed command line.
std::shared_ptr<PolicyWords> add_named(CLI::App& command, Session& session, const std::string& of, Command run) {
  auto words = std::make_shared<PolicyWords>();
  words->of = of;
  command.add_option("NAME", words->name, kName)->required();
  command.callback(
      [&session, words, run] { session.command = [&session, words, run] { return run(session, *words); }; });
  return words;
}

void add_word_options(CLI::App& command, const std::shared_ptr<PolicyWords>& words) {
  for (const auto word : policy::policy_words()) {
    if (word == "name") continue;
    add_word_option(command, words->values, word, help_of(word))->required(word == "action");
  }
}

// "destination_port=443", or as the option is written; nothing behind "=" takes the word away.
void read_change(PolicyWords& words, const std::string& change) {
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

void add_edits(CLI::App& parent, Session& session, const std::string& of) {
  CLI::App* added = parent.add_subcommand("add", "a new policy, behind the others unless --before says where");
  const auto words = add_named(*added, session, of, add);
  add_word_options(*added, words);
  added->add_option("--before", words->before, "the policy in front of which it is put")->type_name("NAME");

  CLI::App* replaced =
      parent.add_subcommand("replace", "the whole policy, where it stands: what is not given is 'any'");
  add_word_options(*replaced, add_named(*replaced, session, of, replace));

  CLI::App* changed = parent.add_subcommand("set", "only the words given; the others keep their values");
  const auto changes = add_named(*changed, session, of, set);
  changed
      ->add_option_function<std::vector<std::string>>(
          "CHANGES",
          [changes](const std::vector<std::string>& all) {
            for (const auto& change : all) read_change(*changes, change);
          },
          "word=value, such as destination_port=443; 'word=' takes the word away")
      ->required();

  (void)add_named(*parent.add_subcommand("delete", "the policy"), session, of, remove);
}

void add_request(CLI::App& parent, Session& session, const std::string& name, const std::string& help,
                 const api::ClientRequest& request) {
  parent.add_subcommand(name, help)->callback([&session, request] {
    session.command = [&session, request] { return Daemon(session.socket).ask(request, kAfterThePeer, tell); };
  });
}

}  // namespace

void add_policy_commands(CLI::App& app, Session& session) {
  CLI::App* policy = app.add_subcommand("policy", "change the policies; in force when the command returns");
  policy->require_subcommand(1);
  add_edits(*policy, session, "policies");
  add_explain_commands(*policy, session);

  CLI::App* candidate = app.add_subcommand("candidate", "what the next commit puts in force; edits of it");
  add_edits(*candidate, session, "candidate");
  CLI::App* moved = candidate->add_subcommand("move", "behind the others, unless --before says where");
  const auto words = add_named(*moved, session, "candidate", move);
  moved->add_option("--before", words->before, "the policy in front of which it is put")->type_name("NAME");
  add_candidate_level_commands(*candidate, session);
  add_candidate_expectation_commands(*candidate, session);
  add_request(*candidate, session, "rebase", "does the same to what is in force now, when others have committed",
              {"POST", "/v1/rebase", json::object()});
  add_request(*candidate, session, "discard", "gives it up", {"DELETE", "/v1/candidate", nullptr});
  const auto as_json = std::make_shared<bool>(false);
  candidate->add_flag("--json", *as_json, "print the answer of the API as it is");
  candidate->callback([&session, candidate, as_json] {
    if (!candidate->get_subcommands().empty()) return;
    session.command = [&session, as_json] {
      const Use use = [as_json](const json::value& answer) {
        return *as_json ? Outcome{Exit::kDone, json::serialize(answer) + "\n"} : tell(answer);
      };
      return Daemon(session.socket).ask({"GET", "/v1/candidate", nullptr}, kAtOnce, use);
    };
  });
}

}  // namespace sallyport::cli
