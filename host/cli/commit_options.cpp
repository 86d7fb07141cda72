// SPDX-License-Identifier: Apache-2.0
#include "host/cli/commit_options.hpp"

#include <boost/json.hpp>

#include "host/cli/answer.hpp"
#include "host/cli/daemon.hpp"
#include "host/cli/screens.hpp"

namespace sallyport::cli {

namespace json = boost::json;

void add_commit_options(CLI::App& command, CommitOptions& options, const std::string& help_of_force) {
  command.add_option("--confirm", options.confirm_s, "roll it back after so long unless it is confirmed")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86400));
  command.add_option("--comment", options.comment, "for the history")->type_name("TEXT");
  command.add_flag("--force", options.force, help_of_force);
  command.add_flag("--json", options.as_json, "print the answer of the API as it is");
}

Outcome ask_to_commit(const Session& session, const std::string& method, const std::string& target, json::object body,
                      const CommitOptions& options) {
  if (options.confirm_s != 0) body["confirm_s"] = options.confirm_s;
  if (!options.comment.empty()) body["comment"] = options.comment;
  if (options.force) body["force"] = true;
  const Use use = [&options](const json::value& report) -> Outcome {
    std::string shown = options.as_json ? json::serialize(report) + "\n" : commit_screen(report);
    return {flag(report, "committed") ? Exit::kDone : Exit::kFailed, std::move(shown), true};
  };
  return Daemon(session.socket).ask({method, target, std::move(body)}, kAfterThePeer, use);
}

}  // namespace sallyport::cli
