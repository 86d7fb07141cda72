// SPDX-License-Identifier: Apache-2.0
#include "host/cli/command_line.hpp"

#include <ostream>

#include "host/cli/commands.hpp"

namespace sallyport::cli {
namespace {

constexpr const char* kFooter =
    "Exit status: 0 done; 1 the gateway refused or failed; 2 the command line is wrong; 3 no daemon answers.\n"
    "SALLYPORT_SOCKET names the socket where --socket does not.";

void declare(CLI::App& app, Session& session) {
  app.name("sallyport");
  app.set_version_flag("--version", "sallyport " SALLYPORT_VERSION);
  app.add_option("--socket", session.socket, "socket of the daemon")
      ->envname("SALLYPORT_SOCKET")
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();  // "sallyport status --socket S" means what it says
  app.footer(kFooter);
  add_query_commands(app, session);
  add_policy_commands(app, session);
  add_level_commands(app, session);
  add_expectation_commands(app, session);
  add_commit_commands(app, session);
  add_sa_commands(app, session);
  add_user_commands(app, session);
  add_discover_command(app, session);
}

// The innermost command that was given.
const CLI::App& given(const CLI::App& app) {
  const auto inner = app.get_subcommands();
  return inner.empty() ? app : given(*inner.front());
}

// "sallyport policy add"
std::string path_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return (parent == nullptr ? "" : path_of(*parent) + " ") + command.get_name();
}

// CLI11 speaks of subcommands, and of one that is missing even where there was one that it did not know.
std::string sentence(const CLI::ParseError& wrong, const CLI::App& app, const CLI::App& command) {
  const bool wants_command = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  if (!wants_command || dynamic_cast<const CLI::RequiredError*>(&wrong) == nullptr) return wrong.what();
  const auto unknown = app.remaining(true);
  return unknown.empty() ? "a command is missing" : "there is no command '" + unknown.front() + "'";
}

}  // namespace

Exit run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Session session;
  CLI::App app("Shows and steers a Sallyport gateway.");
  declare(app, session);
  // CLI11 takes the words from the back.
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& asked) {  // --help, --version
    (void)app.exit(asked, out, err);
    return Exit::kDone;
  } catch (const CLI::ParseError& wrong) {
    const auto& command = given(app);
    err << "sallyport: " << sentence(wrong, app, command) << "; see: " << path_of(command) << " --help\n";
    return Exit::kUsage;
  }
  const Outcome outcome = session.command();
  if (outcome.exit == Exit::kDone || outcome.report) {
    out << outcome.text;
  } else {
    err << "sallyport: " << outcome.text << "\n";
  }
  return outcome.exit;
}

}  // namespace sallyport::cli
