// SPDX-License-Identifier: Apache-2.0
// user, group, session, answer and audit: who may log in, who has, what they have answered, and who changed what.
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>
#include <sstream>

#include "host/base/text.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/table.hpp"
#include "host/login/terminal.hpp"

namespace sallyport::cli {
namespace {

namespace json = boost::json;

// What a command line says of a user; what it does not name stays as it is.
struct UserWords {
  std::string name;
  std::optional<std::string> full_name;
  std::optional<std::string> role;
  std::optional<std::vector<std::string>> groups;
  std::optional<bool> enabled;
};

json::object body_of(const UserWords& words) {
  json::object body = {{"name", words.name}};
  if (words.full_name) body["full_name"] = *words.full_name;
  if (words.role) body["role"] = *words.role == "none" ? "" : *words.role;
  if (words.enabled) body["enabled"] = *words.enabled;
  if (words.groups) {
    json::array groups;
    for (const auto& group : *words.groups) {
      if (!group.empty()) groups.emplace_back(group);  // --group '' is no group
    }
    body["groups"] = std::move(groups);
  }
  return body;
}

std::string path_of(const std::string& area, const std::string& name) {
  return "/v1/" + area + "/" + api::path_segment(name);
}

Use say(const std::string& sentence) {
  return [sentence](const json::value&) { return Outcome{Exit::kDone, sentence + "\n"}; };
}

using Screen = std::string (*)(const json::value& answer);

Use show(bool as_json, Screen screen) {
  return [as_json, screen](const json::value& answer) {
    return Outcome{Exit::kDone, as_json ? json::serialize(answer) + "\n" : screen(answer)};
  };
}

std::string users_screen(const json::value& answer) {
  Table table({"user", "full name", "role", "logs in", "groups"});
  for (const auto& user : list(answer, "users")) {
    table.add({text(user, "name"), text(user, "full_name"), text(user, "role"), flag(user, "enabled") ? "yes" : "no",
               joined(user, "groups", ", ")});
  }
  return table.text();
}

std::string user_screen(const json::value& user) { return users_screen(json::object{{"users", json::array{user}}}); }

std::string groups_screen(const json::value& answer) {
  Table table({"group", "description", ">members"});
  for (const auto& group : list(answer, "groups")) {
    table.add({text(group, "name"), text(group, "description"), std::to_string(number(group, "members"))});
  }
  return table.text();
}

std::string members_screen(const json::value& answer) {
  std::string names = joined(answer, "members", "\n");
  return names.empty() ? names : names + "\n";
}

std::string answers_screen(const json::value& answer) {
  Table table({">answer", "user", "policy", "destination", "protocol", ">port", "choice", "holds for"});
  for (const auto& a : list(answer, "answers")) {
    table.add({std::to_string(number(a, "id")), text(a, "user"), text(a, "policy"), text(a, "destination"),
               text(a, "protocol"), has(a, "port") ? std::to_string(number(a, "port")) : "", text(a, "choice"),
               text(a, "remember")});
  }
  return table.text();
}

std::string sessions_screen(const json::value& answer) {
  Table table({"session", "user", "address", "known by", "method", "groups", ">since s", ">left s"});
  for (const auto& s : list(answer, "sessions")) {
    const std::string others = joined(s, "also_at", ", ");
    table.add({text(s, "id"), text(s, "user"), text(s, "address") + (others.empty() ? "" : ", " + others),
               flag(s, "tagged") ? "tag" : "address", text(s, "method"), joined(s, "groups", ", "),
               std::to_string(number(s, "begun_s")), std::to_string(number(s, "lifetime_s"))});
  }
  return table.text() + "computers know this gateway by the key " + text(answer, "key") + "\n";
}

std::string audit_line(const json::value& entry) {
  std::string line = std::to_string(number(entry, "number")) + "  " + text(entry, "at") + "  " + text(entry, "actor") +
                     "  " + text(entry, "action");
  for (const char* key : {"subject", "detail"}) {
    if (!text(entry, key).empty()) line += "  " + text(entry, key);
  }
  return line + "\n";
}

// Page by page, as the log may be long.
Outcome audit(const Daemon& daemon, bool as_json) {
  Outcome all;
  std::uint64_t after = 0;
  bool more = true;
  while (more && all.exit == Exit::kDone) {
    const std::string so_far = all.text;
    all = daemon.ask({"GET", "/v1/audit/" + std::to_string(after), nullptr}, kAtOnce, [&](const json::value& answer) {
      const auto& entries = list(answer, "entries");
      more = !entries.empty();
      std::string lines = so_far;
      for (const auto& entry : entries) {
        lines += as_json ? json::serialize(entry) + "\n" : audit_line(entry);
        after = number(entry, "number");
      }
      return Outcome{Exit::kDone, lines};
    });
  }
  return all;
}

Outcome verify(const Daemon& daemon, bool as_json) {
  return daemon.ask({"POST", "/v1/audit/verify", json::object{}}, kAfterThePeer, [&](const json::value& head) {
    if (as_json) return Outcome{Exit::kDone, json::serialize(head) + "\n"};
    return Outcome{Exit::kDone, "the log is whole: " + std::to_string(number(head, "number")) +
                                    " entries, the last with digest " + text(head, "digest") + "\n"};
  });
}

// From the terminal, twice and without echo; from elsewhere than a terminal, one line.
Result<Secret> new_password(const std::string& user) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string line;
    std::getline(std::cin, line);
    if (line.ends_with('\r')) line.pop_back();  // which nobody could type at a login
    Buffer plain(line.begin(), line.end());
    wipe({reinterpret_cast<std::uint8_t*>(line.data()), line.size()});
    return Secret::consume(plain);
  }
  login::Terminal terminal;
  auto first = terminal.ask("New password of " + user);
  if (!first) return first;
  const auto again = terminal.ask("Once more");
  if (!again) return again;
  if (!(*first == *again)) return Error{Errc::kInvalid, "the two are not the same; nothing was changed"};
  return first;
}

std::string credential_path(const std::string& user, const std::string& method) {
  return path_of("users", user) + "/" + api::path_segment(method);
}

Outcome set_password(const Daemon& daemon, const std::string& user) {
  const auto password = new_password(user);
  if (!password) return {Exit::kFailed, password.error().detail};
  const Bytes bytes = password->reveal();
  const json::object body = {
      {"password", json::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())}};
  return daemon.ask({"PUT", credential_path(user, "password"), body}, kAtOnce, say("the password is changed"));
}

Outcome remove_credential(const Daemon& daemon, const std::string& user, const std::string& method) {
  return daemon.ask({"DELETE", credential_path(user, method), nullptr}, kAtOnce, say("it is removed"));
}

Outcome make_totp(const Daemon& daemon, const std::string& user) {
  return daemon.ask({"PUT", credential_path(user, "totp"), json::object{}}, kAtOnce, [&](const json::value& answer) {
    return Outcome{Exit::kDone, text(answer, "uri") +
                                    "\nis shown this once: enter it into the authenticator application of '" + user +
                                    "' (as a picture: qrencode -t ansiutf8)\n"};
  });
}

Result<std::string> content_of(std::istream& in, const std::string& file) {
  std::ostringstream content;
  if (!in || !(content << in.rdbuf())) return Error{Errc::kIo, "cannot read " + file};
  return std::move(content).str();
}

Outcome set_card(const Daemon& daemon, const std::string& user, const std::string& number, const std::string& file) {
  if (file.empty()) return {Exit::kUsage, "which card? --number and --key say it, or --remove"};
  std::ifstream in(file, std::ios::binary);
  const auto pem = content_of(in, file);
  if (!pem) return {Exit::kFailed, pem.error().detail};
  const json::object body = {{"number", number}, {"public_key", *pem}};
  return daemon.ask({"PUT", credential_path(user, "smart_card"), body}, kAtOnce,
                    say("'" + user + "' logs in with the card " + number));
}

// By any method: what a plug-in keeps of its users goes through as it is.
Outcome enrol(const Daemon& daemon, const std::string& user, const std::string& method, const std::string& file) {
  json::value words = json::object{};
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    auto content = content_of(file == "-" ? std::cin : in, file);
    if (!content) return {Exit::kFailed, content.error().detail};
    boost::system::error_code failed;
    words = json::parse(*content, failed);
    wipe({reinterpret_cast<std::uint8_t*>(content->data()), content->size()});
    if (failed || !words.is_object()) return {Exit::kFailed, file + " is no JSON object"};
  }
  return daemon.ask({"PUT", credential_path(user, method), std::move(words)}, kAtOnce, [&](const json::value& answer) {
    const bool says = answer.is_object() && !answer.get_object().empty();
    return Outcome{Exit::kDone, (says ? json::serialize(answer) : "'" + user + "' logs in by " + method) + "\n"};
  });
}

// What the daemon answers page by page.
Outcome ask_pages(const Daemon& daemon, const std::string& target,
                  const std::function<void(const json::value&)>& take) {
  Outcome outcome;
  std::string after;
  do {
    const std::string from = after.empty() ? target : target + "?after=" + api::path_segment(after);
    outcome = daemon.ask({"GET", from, nullptr}, kAtOnce, [&](const json::value& page) {
      take(page);
      after = text(page, "after");
      return Outcome{};
    });
  } while (outcome.exit == Exit::kDone && !after.empty());
  return outcome;
}

// All pages of a list as one answer.
Outcome ask_list(const Daemon& daemon, const std::string& target, const std::string& rows, const Use& use) {
  json::object all;
  const Outcome asked = ask_pages(daemon, target, [&](const json::value& page) {
    const auto* object = page.if_object();
    if (object == nullptr) return;
    if (all.empty()) {
      all = *object;
    } else if (auto* so_far = all[rows].if_array(); so_far != nullptr) {
      const auto& some = list(page, rows);
      so_far->insert(so_far->end(), some.begin(), some.end());
    }
  });
  all.erase("after");
  return asked.exit == Exit::kDone ? use(all) : asked;
}

Outcome export_users(const Daemon& daemon, bool hashes) {
  std::string csv;
  const std::string target = hashes ? "/v1/export/hashes" : "/v1/export";
  Outcome outcome = ask_pages(daemon, target, [&](const json::value& page) { csv += text(page, "csv"); });
  if (outcome.exit == Exit::kDone) outcome.text = std::move(csv);
  return outcome;
}

constexpr std::chrono::hours kAsLongAsItTakes{24};  // a million users

// Whole lines: at least this much of a file at once, so that it is short of what a request may have whatever JSON makes
// of it.
constexpr std::size_t kPart = 64 * 1024;
constexpr std::size_t kLongestLine = 64 * 1024;

// A file's parts, one after the other.
class Parts {
 public:
  explicit Parts(std::istream& in) : in_(in) {}

  // Empty: there are no more. kInvalid names a line that no directory takes, which as JSON would not even arrive there.
  Result<std::string> next() {
    std::string part;
    for (std::string line; part.size() < kPart && std::getline(in_, line);) {
      ++number_;
      if (line.size() > kLongestLine) return wrong("is longer than that of a user can be");
      if (!is_text(line)) return wrong("is no text in UTF-8; save the file as UTF-8");
      part += line + "\n";
    }
    return part;
  }

 private:
  [[nodiscard]] Error wrong(const std::string& what) const {
    return {Errc::kInvalid, "line " + std::to_string(number_) + " " + what + "; nothing was imported"};
  }

  std::istream& in_;
  std::uint64_t number_ = 0;
};

// While `answer` is waited for, somebody at a terminal is told how far it is.
void show_progress(const Daemon& daemon, const std::string& id, const std::future<Outcome>& answer) {
  constexpr auto kEvery = std::chrono::seconds(1);
  while (answer.wait_for(kEvery) != std::future_status::ready) {
    if (id.empty() || ::isatty(STDERR_FILENO) == 0) continue;
    (void)daemon.ask({"GET", "/v1/import/" + id, nullptr}, kAtOnce, [](const json::value& progress) {
      std::cerr << "sallyport: imported " << number(progress, "percent") << " %\n";
      return Outcome{};
    });
  }
}

Outcome import(const Daemon& daemon, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {Exit::kFailed, "cannot read " + file};
  std::string id;
  const auto body_with = [&](std::string part) {
    json::object body{{"csv", std::move(part)}};
    if (!id.empty()) body["import"] = id;
    return body;
  };
  Parts parts(in);
  auto part = parts.next();
  auto next = part ? parts.next() : part;
  for (; next && !next->empty(); part = std::exchange(next, parts.next())) {
    json::object body = body_with(std::move(*part));
    body["more"] = true;
    const Outcome sent = daemon.ask({"POST", "/v1/import", std::move(body)}, kAtOnce, [&](const json::value& answer) {
      id = text(answer, "import");
      return Outcome{};
    });
    if (sent.exit != Exit::kDone) return sent;
  }
  if (!next) return {Exit::kFailed, file + ": " + next.error().detail};
  if (in.bad()) return {Exit::kFailed, "cannot read all of " + file + "; nothing was imported"};
  std::future<Outcome> answer = std::async(std::launch::async, [&, last = body_with(std::move(*part))] {
    return daemon.ask({"POST", "/v1/import", last}, kAsLongAsItTakes, [](const json::value& count) {
      return Outcome{Exit::kDone, std::to_string(number(count, "added")) + " added, " +
                                      std::to_string(number(count, "changed")) + " changed\n"};
    });
  });
  show_progress(daemon, id, answer);
  return answer.get();
}

// Declares a command that is run with a daemon once its words are read.
CLI::App* command(CLI::App& parent, Session& session, const std::string& name, const std::string& what,
                  std::function<Outcome(const Daemon& daemon)> run) {
  CLI::App* made = parent.add_subcommand(name, what);
  made->callback(
      [&session, run = std::move(run)] { session.command = [&session, run] { return run(Daemon(session.socket)); }; });
  return made;
}

void add_list(CLI::App& parent, Session& session, const std::string& area, const std::string& what, Screen screen) {
  const auto as_json = std::make_shared<bool>(false);
  command(parent, session, "list", what, [=](const Daemon& daemon) {
    return ask_list(daemon, "/v1/" + area, area, show(*as_json, screen));
  })->add_flag("--json", *as_json, "print the answer of the API as it is");
}

void add_delete(CLI::App& parent, Session& session, const std::string& name, const std::string& what,
                const std::string& area, const std::string& done) {
  const auto which = std::make_shared<std::string>();
  command(parent, session, name, what,
          [=](const Daemon& daemon) {
            return daemon.ask({"DELETE", path_of(area, *which), nullptr}, kAtOnce, say("'" + *which + "' is " + done));
          })
      ->add_option("NAME", *which, "which")
      ->required();
}

void add_user_words(CLI::App& command, const std::shared_ptr<UserWords>& words) {
  command.add_option("NAME", words->name, "name of the user")->required();
  command.add_option("--full-name", words->full_name, "as people call them");
  command.add_option("--role", words->role, "of an administrator: view, operate, administer; or none");
  command.add_option("--group", words->groups, "the groups they belong to, instead of those before");
}

void add_credentials(CLI::App& user, Session& session) {
  const auto name = std::make_shared<std::string>();
  const auto remove = std::make_shared<bool>(false);
  CLI::App* totp = command(user, session, "totp", "a new secret for one-time codes", [=](const Daemon& daemon) {
    return *remove ? remove_credential(daemon, *name, "totp") : make_totp(daemon, *name);
  });
  totp->add_option("NAME", *name, "name of the user")->required();
  totp->add_flag("--remove", *remove, "they have none any more");

  const auto number = std::make_shared<std::string>();
  const auto key = std::make_shared<std::string>();
  CLI::App* card = command(user, session, "card", "the smart card to log in with", [=](const Daemon& daemon) {
    return *remove ? remove_credential(daemon, *name, "smart_card") : set_card(daemon, *name, *number, *key);
  });
  card->add_option("NAME", *name, "name of the user")->required();
  auto* removed = card->add_flag("--remove", *remove, "they have none any more");
  auto* given = card->add_option("--number", *number, "its serial number");
  auto* file = card->add_option("--key", *key, "a file with its public key or certificate, PEM");
  given->needs(file)->excludes(removed);
  file->needs(given)->excludes(removed);

  const auto method = std::make_shared<std::string>();
  const auto words = std::make_shared<std::string>();
  CLI::App* other = command(user, session, "enrol", "what another method knows them by", [=](const Daemon& daemon) {
    return *remove ? remove_credential(daemon, *name, *method) : enrol(daemon, *name, *method, *words);
  });
  other->add_option("NAME", *name, "name of the user")->required();
  other->add_option("METHOD", *method, "a way to log in, as the configuration names it")->required();
  auto* without = other->add_flag("--remove", *remove, "they have none any more");
  other->add_option("--words", *words, "a file with the method's own words, a JSON object; -: standard input")
      ->excludes(without);
}

void add_user(CLI::App& app, Session& session) {
  CLI::App* user = app.add_subcommand("user", "who may log in");
  user->require_subcommand(1);
  add_list(*user, session, "users", "all users", users_screen);

  const auto as_json = std::make_shared<bool>(false);
  const auto name = std::make_shared<std::string>();
  CLI::App* shown = command(*user, session, "show", "one user", [=](const Daemon& daemon) {
    return daemon.ask({"GET", path_of("users", *name), nullptr}, kAtOnce, show(*as_json, user_screen));
  });
  shown->add_option("NAME", *name, "name of the user")->required();
  shown->add_flag("--json", *as_json, "print the answer of the API as it is");

  const auto added = std::make_shared<UserWords>();
  add_user_words(*command(*user, session, "add", "a new user, who has no password yet",
                          [=](const Daemon& daemon) {
                            return daemon.ask({"POST", "/v1/users", body_of(*added)}, kAtOnce,
                                              say("'" + added->name + "' is added; see: sallyport user password"));
                          }),
                 added);

  const auto changed = std::make_shared<UserWords>();
  CLI::App* change = command(*user, session, "change", "what is given; the rest stays", [=](const Daemon& daemon) {
    json::object body = body_of(*changed);
    return daemon.ask({"PUT", path_of("users", changed->name), std::move(body)}, kAtOnce,
                      say("'" + changed->name + "' is changed"));
  });
  add_user_words(*change, changed);
  auto* enable = change->add_flag_callback(
      "--enable", [changed] { changed->enabled = true; }, "may log in");
  change
      ->add_flag_callback(
          "--disable", [changed] { changed->enabled = false; }, "may not, and is logged out")
      ->excludes(enable);

  add_delete(*user, session, "delete", "the user, who is logged out", "users", "deleted");
  const auto whose = std::make_shared<std::string>();
  command(*user, session, "password", "a new password, asked for or read from standard input",
          [=](const Daemon& daemon) { return set_password(daemon, *whose); })
      ->add_option("NAME", *whose, "name of the user")
      ->required();
  add_credentials(*user, session);
  const auto file = std::make_shared<std::string>();
  command(*user, session, "import", "users from a CSV file: all of them, or none",
          [=](const Daemon& daemon) { return import(daemon, *file); })
      ->add_option("FILE", *file, "of the form that export writes")
      ->required();
  const auto hashes = std::make_shared<bool>(false);
  command(*user, session, "export", "all users as CSV", [=](const Daemon& daemon) {
    return export_users(daemon, *hashes);
  })->add_flag("--hashes", *hashes, "password hashes too, to move to another gateway");
}

void add_group(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("group", "what users belong to");
  group->require_subcommand(1);
  add_list(*group, session, "groups", "all groups, and how many are in them", groups_screen);
  const auto as_json = std::make_shared<bool>(false);
  const auto which = std::make_shared<std::string>();
  CLI::App* shown = command(*group, session, "show", "the members of a group", [=](const Daemon& daemon) {
    return ask_list(daemon, path_of("groups", *which), "members", show(*as_json, members_screen));
  });
  shown->add_option("NAME", *which, "name of the group")->required();
  shown->add_flag("--json", *as_json, "print the answer of the API as it is");

  const auto name = std::make_shared<std::string>();
  const auto description = std::make_shared<std::string>();
  CLI::App* added = command(*group, session, "add", "a new group", [=](const Daemon& daemon) {
    return daemon.ask({"POST", "/v1/groups", json::object{{"name", *name}, {"description", *description}}}, kAtOnce,
                      say("'" + *name + "' is added"));
  });
  added->add_option("NAME", *name, "name of the group")->required();
  added->add_option("--description", *description, "what it is for");
  add_delete(*group, session, "delete", "the group, which has no members", "groups", "deleted");
}

}  // namespace

void add_user_commands(CLI::App& app, Session& session) {
  add_user(app, session);
  add_group(app, session);
  CLI::App* of_sessions = app.add_subcommand("session", "who is logged in");
  of_sessions->require_subcommand(1);
  add_list(*of_sessions, session, "sessions", "all sessions", sessions_screen);
  add_delete(*of_sessions, session, "end", "the session; over on the card when the command returns", "sessions",
             "ended");

  const auto as_json = std::make_shared<bool>(false);
  const auto verified = std::make_shared<bool>(false);
  CLI::App* answers = app.add_subcommand("answer", "what users have answered about their packets");
  answers->require_subcommand(1);
  add_list(*answers, session, "answers", "all answers in force", answers_screen);
  add_delete(*answers, session, "delete", "the answer of this number; its user is asked again", "answers", "deleted");
  CLI::App* log = command(app, session, "audit", "who changed what", [=](const Daemon& daemon) {
    return *verified ? verify(daemon, *as_json) : audit(daemon, *as_json);
  });
  log->add_flag("--verify", *verified, "whether nothing was altered or taken out");
  log->add_flag("--json", *as_json, "one JSON object a line");
}

}  // namespace sallyport::cli
