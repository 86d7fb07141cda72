// SPDX-License-Identifier: Apache-2.0
#include "host/login/command_line.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>

#include "host/api/client.hpp"
#include "host/api/server.hpp"
#include "host/base/text.hpp"
#include "host/login/background.hpp"
#include "host/login/config.hpp"
#include "host/login/keeper.hpp"
#include "host/login/notice.hpp"
#include "host/login/talk.hpp"

namespace sallyport::login {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr const char* kFooter =
    "Exit status: 0 done; 1 refused or failed; 2 the command line or the configuration is wrong;\n"
    "3 no gateway answers, or it is not the one that is known; 4 not logged in.";

struct Options {
  std::string config = usual_config();
  std::string user;
  std::string socket;
  bool foreground = false;
  bool as_json = false;
  std::string number;  // of a question or an answer
  std::string choice;
  std::string remember = "flow";
};

// Of the process that keeps the session; in a folder that is the user's alone.
std::string usual_socket() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder == nullptr ? "" : std::string(folder) + "/sallyport-login.sock";
}

Exit exit_of(Errc code) {
  const bool nobody = code == Errc::kDisconnected || code == Errc::kTimeout || code == Errc::kDenied;
  return nobody ? Exit::kNoGateway : Exit::kFailed;
}

std::int64_t number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}
std::string joined(const json::object& object, std::string_view key, const char* between) {
  std::string out;
  if (const auto* value = object.if_contains(key); value != nullptr && value->is_array()) {
    for (const auto& one : value->get_array()) {
      if (one.is_string()) out += (out.empty() ? "" : between) + on_one_line(one.get_string());
    }
  }
  return out;
}

std::string duration(std::int64_t s) {
  const std::int64_t minutes = (s + 30) / 60;
  if (minutes < 2) return std::to_string(s) + " s";
  if (minutes < 120) return std::to_string(minutes) + " min";
  const std::string hours = std::to_string(minutes / 60) + " h";
  return minutes % 60 == 0 ? hours : hours + " " + std::to_string(minutes % 60) + " min";
}

std::string who(const json::object& session) {
  const std::string groups = joined(session, "groups", ", ");
  return text_of(session, "user") + (groups.empty() ? "" : " (" + groups + ")");
}

// ---- login ---------------------------------------------------------------------------------------------------------

class Login {
 public:
  Login(const Options& options, Methods methods, std::ostream& out, std::ostream& err)
      : options_(options), methods_(methods), out_(out), err_(err) {}

  Exit run() {
    if (options_.socket.empty()) {
      return fail(Exit::kUsage, "XDG_RUNTIME_DIR is not set; name a socket in a folder of yours by --socket");
    }
    auto config = load_config(options_.config, methods_);
    if (!config) return fail(Exit::kUsage, config.error().detail);
    if (!options_.foreground) {
      int status = 0;
      const auto behind = Background::begin(status);
      if (!behind) return fail(Exit::kFailed, behind.error().detail);
      if (!*behind) return static_cast<Exit>(status);
    }
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);  // a token is in memory
    return log_in(*config);
  }

 private:
  Exit log_in(const Config& config) {
    boost::asio::io_context loop(1);
    auto prover = config.make_prover();
    if (!prover) return fail(Exit::kFailed, prover.error().detail);
    std::string user = options_.user.empty() ? config.user : options_.user;
    if (const char* name = std::getenv("USER"); user.empty() && !(*prover)->finds_its_user() && name != nullptr) {
      user = name;
    }
    auto client = api::TlsClient::make(config.gateway);
    if (!client) return fail(Exit::kUsage, client.error().detail);
    Keeper keeper(loop, std::move(*client), **prover);
    auto server = api::Server::listen(loop, options_.socket, keeper);
    if (!server && server.error().code == Errc::kExists) {
      return fail(Exit::kFailed, "already logged in; log out first: sallyport-login logout");
    }
    if (!server) return fail(Exit::kFailed, server.error().detail);
    Terminal terminal;
    if (auto ready = (*prover)->prepare(terminal); !ready) return fail(Exit::kFailed, ready.error().detail);
    // From here on no signal ends the process without logging out.
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT, SIGHUP);
    signals.async_wait([&](boost::system::error_code error, int) {
      if (!error) keeper.log_out("logout");
    });
    if (auto in = keeper.log_in(config.method, user, ::getuid(), config.marking); !in) {
      const bool refused = in.error().code == Errc::kAuthFailed;
      return fail(exit_of(in.error().code), (refused ? "the gateway refuses: " : "") + in.error().detail);
    }
    if (config.marking) {
      if (auto marked = keeper.mark(config.protect); !marked) {
        keeper.log_out("not_marked");
        return fail(Exit::kFailed, "the packets cannot be marked: " + marked.error().detail);
      }
    }
    say(keeper.session(), config.gateway.host);

    std::string reason;
    Notice notice(config.notify);
    keeper.keep(
        [&](const std::string& message) {
          err_ << "sallyport-login: " << message << std::endl;
          notice.show(message);
        },
        [&](const std::string& why) {
          reason = why;
          loop.stop();
        });
    if (!options_.foreground) Background::go_on();
    loop.run();
    err_ << "sallyport-login: logged out (" << reason << ")\n";
    return reason == "logout" || reason == "card_removed" ? Exit::kDone : Exit::kFailed;
  }

  void say(const json::object& session, const std::string& gateway) {
    if (options_.as_json) {
      out_ << json::serialize(session) << std::endl;
    } else {
      out_ << "logged in at " << gateway << " as " << who(session) << " for " << duration(number(session, "lifetime_s"))
           << std::endl;
    }
  }

  Exit fail(Exit exit, const std::string& sentence) {
    err_ << "sallyport-login: " << sentence << std::endl;
    return exit;
  }

  const Options& options_;
  Methods methods_;
  std::ostream& out_;
  std::ostream& err_;
};

// ---- the others, which ask the process that keeps the session ------------------------------------------------------

Exit ask(const Options& options, const api::ClientRequest& request, json::value& body, std::ostream& err) {
  auto answer = api::exchange(options.socket, request, seconds(30));
  if (!answer) {
    err << "sallyport-login: not logged in\n";
    return Exit::kNotLoggedIn;
  }
  auto result = api::body_of(*answer);
  if (!result) {
    err << "sallyport-login: " << result.error().detail << "\n";
    return Exit::kFailed;
  }
  body = std::move(*result);
  return Exit::kDone;
}

Exit log_out(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, {"POST", "/v1/logout", nullptr}, body, err);
  if (exit == Exit::kDone) out << (options.as_json ? "{}\n" : "logged out\n");
  return exit;
}

Exit show_status(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, {"GET", "/v1/status", nullptr}, body, err);
  if (exit != Exit::kDone) return exit;
  if (options.as_json || !body.is_object()) {
    out << json::serialize(body) << "\n";
    return exit;
  }
  const json::object& session = body.get_object();
  out << "logged in at " << text_of(session, "gateway") << " as " << who(session) << "\n"
      << "by " << text_of(session, "method") << " " << duration(number(session, "begun_s")) << " ago, for "
      << duration(number(session, "lifetime_s")) << " more\n";
  if (const auto* marking = session.if_contains("marking"); marking != nullptr && marking->is_object()) {
    const json::object& counts = marking->get_object();
    out << "packets marked by " << text_of(counts, "interface") << ": " << number(counts, "marked")
        << ", dropped without room for the mark: " << number(counts, "no_room")
        << ", not sent: " << number(counts, "not_sent") << "\n";
  }
  if (const std::string messages = joined(session, "messages", "\n  "); !messages.empty()) {
    out << "the gateway says:\n  " << messages << "\n";
  }
  const auto* questions = session.if_contains("questions");
  if (questions == nullptr || !questions->is_array()) return exit;
  for (const auto& question : questions->get_array()) {
    if (!question.is_object()) continue;
    const json::object& one = question.get_object();
    out << "question " << number_of(one, "id") << ": your packets to " << place_of(one) << " wait, for "
        << number_of(one, "until_s") << " s; to answer: sallyport-login answer " << number_of(one, "id") << " CHOICE ("
        << choices_of(one) << ")\n";
  }
  return exit;
}

// ---- questions -----------------------------------------------------------------------------------------------------

Exit answer(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, answer_request(options.number, options.choice, options.remember), body, err);
  if (exit == Exit::kDone) out << (options.as_json ? "{}\n" : "answered\n");
  return exit;
}

Exit list_answers(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, {"GET", "/v1/answers", nullptr}, body, err);
  if (exit != Exit::kDone) return exit;
  const auto* object = body.if_object();
  const auto* answers = object == nullptr ? nullptr : object->if_contains("answers");
  if (options.as_json || answers == nullptr || !answers->is_array()) {
    out << json::serialize(body) << "\n";
    return exit;
  }
  for (const auto& one : answers->get_array()) {
    if (!one.is_object()) continue;
    const json::object& given = one.get_object();
    out << number_of(given, "id") << ": " << place_of(given) << ": " << text_of(given, "choice") << " for "
        << text_of(given, "remember") << "\n";
  }
  return exit;
}

Exit forget(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, {"DELETE", "/v1/answers/" + api::path_segment(options.number), nullptr}, body, err);
  if (exit == Exit::kDone) out << (options.as_json ? "{}\n" : "forgotten\n");
  return exit;
}

Exit watch_session(const Options& options, std::ostream& out, std::ostream& err) {
  json::value body;
  const Exit exit = ask(options, {"GET", "/v1/status", nullptr}, body, err);
  if (exit != Exit::kDone) return exit;
  watch(
      [&options](const api::ClientRequest& request) -> Result<json::value> {
        return api::call(options.socket, request, seconds(30));
      },
      options.as_json, out);
  return exit;
}

}  // namespace

Exit run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, Methods methods) {
  Options options;
  options.socket = usual_socket();
  CLI::App app("Logs a user in at a Sallyport gateway.", "sallyport-login");
  app.set_version_flag("--version", "sallyport-login " SALLYPORT_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.add_option("--socket", options.socket, "socket of the process that keeps the session");
  app.add_flag("--json", options.as_json, "JSON for programs");
  auto* login = app.add_subcommand("login", "log in, and keep the session in the background");
  login->add_option("--config", options.config, "the configuration file");
  login->add_option("--user", options.user, "who logs in");
  login->add_flag("--foreground", options.foreground, "stay, show what the gateway says, and log out at the end");
  auto* logout = app.add_subcommand("logout", "log out");
  auto* status =
      app.add_subcommand("status", "who is logged in, where and for how long; what the gateway says and asks");
  app.add_subcommand("watch", "show what the gateway says, and answer what it asks");
  auto* answering = app.add_subcommand("answer", "answer a question about packets of yours");
  answering->add_option("QUESTION", options.number, "its number")->required();
  answering->add_option("CHOICE", options.choice, "clear: send them in the clear; refuse; protect")
      ->required()
      ->check(CLI::IsMember({"clear", "refuse", "protect"}));
  answering->add_option("--remember", options.remember, "flow: while this goes on; session: until the logout; always")
      ->check(CLI::IsMember({"flow", "session", "always"}));
  auto* answers = app.add_subcommand("answers", "what you have answered and is in force");
  auto* forgetting = app.add_subcommand("forget", "take an answer back");
  forgetting->add_option("ANSWER", options.number, "its number")->required();
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& asked) {  // --help, --version
    (void)app.exit(asked, out, err);
    return Exit::kDone;
  } catch (const CLI::ParseError& wrong) {
    err << "sallyport-login: " << wrong.what() << "; see: sallyport-login --help\n";
    return Exit::kUsage;
  }
  if (login->parsed()) return Login(options, methods, out, err).run();
  if (logout->parsed()) return log_out(options, out, err);
  if (status->parsed()) return show_status(options, out, err);
  if (answering->parsed()) return answer(options, out, err);
  if (answers->parsed()) return list_answers(options, out, err);
  return forgetting->parsed() ? forget(options, out, err) : watch_session(options, out, err);
}

}  // namespace sallyport::login
